"""Pictures of graphs: installs as `tinytorch.viz`."""
