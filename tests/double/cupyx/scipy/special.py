"""cupyx.scipy.special from the list."""

import scipy.special as _host
from cupy._functions import namespace as _namespace
from cupy._surface import MODULES as _MODULES

globals().update(_namespace(_MODULES["cupyx.scipy.special"], _host))
