// Third part: atomic functions. Threads take turns (grid.hpp), so that each is one statement.
//
// Exactly the overloads of CUDA and of CuPy's headers: what they lack does not compile here either.
template <class T> T _swapped(T* p, T v) { T old = *p; *p = v; return old; }
#define _ATOMIC(name, T, expression) inline T atomic##name(T* p, T v) { return _swapped<T>(p, expression); }
#define _ATOMIC_INTS(name, expression)        \
    _ATOMIC(name, int, expression)            \
    _ATOMIC(name, unsigned, expression)       \
    _ATOMIC(name, unsigned long long, expression)
_ATOMIC_INTS(Add, *p + v)
_ATOMIC(Add, long long, *p + v)
_ATOMIC(Add, float, *p + v)
_ATOMIC(Add, double, *p + v)
_ATOMIC(Add, float16, float16(*p + v))
_ATOMIC(Add, bfloat16, bfloat16(*p + v))
_ATOMIC(Sub, int, *p - v)
_ATOMIC(Sub, unsigned, *p - v)
_ATOMIC_INTS(Max, *p < v ? v : *p)
_ATOMIC(Max, long long, *p < v ? v : *p)
_ATOMIC(Max, float, fmaxf(v, *p))
_ATOMIC(Max, double, fmaxf(v, *p))  // CuPy compares and keeps them in single precision
_ATOMIC_INTS(Min, v < *p ? v : *p)
_ATOMIC(Min, long long, v < *p ? v : *p)
_ATOMIC(Min, float, fminf(v, *p))
_ATOMIC(Min, double, fminf(v, *p))
_ATOMIC_INTS(Exch, v)
_ATOMIC(Exch, float, v)
_ATOMIC_INTS(And, *p & v)
_ATOMIC(And, long long, *p & v)
_ATOMIC_INTS(Or, *p | v)
_ATOMIC(Or, long long, *p | v)
_ATOMIC_INTS(Xor, *p ^ v)
_ATOMIC(Xor, long long, *p ^ v)
_ATOMIC(Inc, unsigned, *p >= v ? 0 : *p + 1)
_ATOMIC(Dec, unsigned, *p == 0 || *p > v ? v : *p - 1)
#define _ATOMIC_CAS(T) inline T atomicCAS(T* p, T compare, T v) { return _swapped<T>(p, *p == compare ? v : *p); }
_ATOMIC_CAS(int)
_ATOMIC_CAS(unsigned)
_ATOMIC_CAS(unsigned short)
_ATOMIC_CAS(unsigned long long)
