"""Operations: a rule each, forward and backward side by side, and their public functions."""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__, __name__ + "."):
    importlib.import_module(_module.name)
