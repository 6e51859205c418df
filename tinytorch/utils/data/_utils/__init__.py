"""What DataLoader is made of, at the paths where PyTorch has it: samples into batches, worker processes."""
