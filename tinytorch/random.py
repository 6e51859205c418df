"""torch.random: the seed and the state of the default stream of random numbers."""

from tinytorch.functions.rng_state import fork_rng as fork_rng
from tinytorch.functions.rng_state import get_rng_state as get_rng_state
from tinytorch.functions.rng_state import initial_seed as initial_seed
from tinytorch.functions.rng_state import manual_seed as manual_seed
from tinytorch.functions.rng_state import seed as seed
from tinytorch.functions.rng_state import set_rng_state as set_rng_state
from tinytorch.generator import Generator as Generator
from tinytorch.generator import default_generator as default_generator
from tinytorch.missing import getattr_for

__getattr__ = getattr_for(__name__)
