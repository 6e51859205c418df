"""cupy.fft from the list."""

import numpy as _np

from cupy._functions import namespace as _namespace
from cupy._surface import MODULES as _MODULES

globals().update(_namespace(_MODULES["cupy.fft"], _np.fft))
