"""cupy.linalg from the list."""

import numpy as _np

from cupy._functions import namespace as _namespace
from cupy._surface import MODULES as _MODULES

LinAlgError = _np.linalg.LinAlgError
globals().update(_namespace(_MODULES["cupy.linalg"], _np.linalg))
