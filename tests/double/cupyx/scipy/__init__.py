"""cupyx.scipy: special functions and linear algebra."""

from cupyx.scipy import linalg, special
