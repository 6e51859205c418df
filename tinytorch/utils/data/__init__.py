"""Datasets, samplers and DataLoader: how samples become batches."""

from tinytorch.utils.data.dataset import (
    Dataset,
    IterableDataset,
    TensorDataset,
    StackDataset,
    ConcatDataset,
    ChainDataset,
    Subset,
    random_split,
)
from tinytorch.utils.data.sampler import (
    Sampler,
    SequentialSampler,
    RandomSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
    BatchSampler,
)
from tinytorch.utils.data.dataloader import DataLoader, default_collate, default_convert, get_worker_info

__all__ = [
    "BatchSampler",
    "ChainDataset",
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "IterableDataset",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "StackDataset",
    "Subset",
    "SubsetRandomSampler",
    "TensorDataset",
    "WeightedRandomSampler",
    "default_collate",
    "default_convert",
    "get_worker_info",
    "random_split",
]
