// CUDA C++ on the host: what the kernels of a CuPy program may use, for the test double.
//
// The threads of a block are fibers: each runs until it meets a barrier or ends, then the next one does. A thread that
// reads what another one writes without a barrier between them reads too early, every time. Blocks run one after the
// other. Shared memory is what a block finds it as: nothing clears it.
#pragma once
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <complex>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#define __device__
#define __host__
#define __global__
#define __constant__ static
#define __shared__ static
#define __forceinline__ inline
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __align__(n) alignas(n)
#define __ldg(p) (*(p))
#define CUDART_INF_F INFINITY
#define CUDART_INF ((double)INFINITY)
#define CUDART_NAN_F NAN
#define CUDART_NAN ((double)NAN)

using std::complex;

// ---- 16 bits --------------------------------------------------------------------------------------------------------

inline uint16_t _half_of(float value) {  // to nearest, ties to even
    uint32_t x;
    memcpy(&x, &value, 4);
    uint16_t sign = (x >> 16) & 0x8000;
    x &= 0x7fffffff;
    if (x > 0x7f800000) return sign | 0x7e00;
    if (x >= 0x477ff000) return sign | 0x7c00;                                          // 65520 and more: infinity
    if (x < 0x38800000) return sign | (uint16_t)nearbyintf(fabsf(value) * 16777216.0f);  // below 2^-14: steps of 2^-24
    return sign | (uint16_t)((x + 0xfff + ((x >> 13) & 1) - 0x38000000) >> 13);
}
inline float _value_of_half(uint16_t bits) {
    int exponent = bits >> 10 & 31, digits = bits & 0x3ff;
    float size = exponent == 31 ? (digits ? NAN : INFINITY)
        : exponent ? ldexpf(1024 + digits, exponent - 25) : ldexpf(digits, -24);
    return bits & 0x8000 ? -size : size;
}

struct float16 {
    uint16_t bits;
    float16() = default;
    template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
    float16(T value) : bits(_half_of((float)value)) {}
    operator float() const { return _value_of_half(bits); }
    float16& operator+=(float v) { return *this = float16((float)*this + v); }
    float16& operator-=(float v) { return *this = float16((float)*this - v); }
    float16& operator*=(float v) { return *this = float16((float)*this * v); }
    float16& operator/=(float v) { return *this = float16((float)*this / v); }
};

struct bfloat16 {
    uint16_t bits;
    bfloat16() = default;
    template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
    bfloat16(T value) {
        float f = (float)value;
        uint32_t b;
        memcpy(&b, &f, 4);
        bits = f != f ? 0x7fc0 : (b + 0x7fff + ((b >> 16) & 1)) >> 16;  // to nearest, ties to even
    }
    operator float() const { uint32_t b = (uint32_t)bits << 16; float f; memcpy(&f, &b, 4); return f; }
    bfloat16& operator+=(float v) { return *this = bfloat16((float)*this + v); }
    bfloat16& operator-=(float v) { return *this = bfloat16((float)*this - v); }
    bfloat16& operator*=(float v) { return *this = bfloat16((float)*this * v); }
    bfloat16& operator/=(float v) { return *this = bfloat16((float)*this / v); }
};

typedef float16 half;
typedef float16 __half;
typedef bfloat16 __nv_bfloat16;
inline float __half2float(float16 h) { return h; }
inline float16 __float2half(float f) { return float16(f); }
inline float16 __float2half_rn(float f) { return float16(f); }
inline float __bfloat162float(bfloat16 h) { return h; }
inline bfloat16 __float2bfloat16(float f) { return bfloat16(f); }

template <class T> struct _plain { typedef T type; };
template <> struct _plain<float16> { typedef float type; };
template <> struct _plain<bfloat16> { typedef float type; };
template <class A, class B>
using _common = std::common_type_t<typename _plain<A>::type, typename _plain<B>::type>;

// ---- functions ------------------------------------------------------------------------------------------------------

template <class A, class B> _common<A, B> min(A a, B b) {
    typedef _common<A, B> C;
    if constexpr (std::is_floating_point_v<C>) return fmin((C)a, (C)b);
    else return (C)b < (C)a ? (C)b : (C)a;
}
inline float16 min(float16 a, float16 b) { return fminf(a, b); }
inline float16 max(float16 a, float16 b) { return fmaxf(a, b); }
inline bfloat16 min(bfloat16 a, bfloat16 b) { return fminf(a, b); }
inline bfloat16 max(bfloat16 a, bfloat16 b) { return fmaxf(a, b); }
template <class A, class B> _common<A, B> max(A a, B b) {
    typedef _common<A, B> C;
    if constexpr (std::is_floating_point_v<C>) return fmax((C)a, (C)b);
    else return (C)a < (C)b ? (C)b : (C)a;
}
template <class T> bool isnan(complex<T> x) { return isnan(x.real()) || isnan(x.imag()); }
template <class T> bool isinf(complex<T> x) { return isinf(x.real()) || isinf(x.imag()); }
template <class T> bool isfinite(complex<T> x) { return isfinite(x.real()) && isfinite(x.imag()); }
template <class T> bool operator<(const complex<T>& a, const complex<T>& b) {  // by real parts, then imaginary ones
    return a.real() == b.real() ? a.imag() < b.imag() : a.real() < b.real();
}
template <class T> bool operator>(const complex<T>& a, const complex<T>& b) { return b < a; }
template <class T> bool operator<=(const complex<T>& a, const complex<T>& b) { return !(b < a); }
template <class T> bool operator>=(const complex<T>& a, const complex<T>& b) { return !(a < b); }
template <class T> complex<T> min(complex<T> a, complex<T> b) { return isnan(a) ? a : isnan(b) ? b : b < a ? b : a; }
template <class T> complex<T> max(complex<T> a, complex<T> b) { return isnan(a) ? a : isnan(b) ? b : a < b ? b : a; }
template <class T> complex<T> log1p(complex<T> x) { return log(x + T(1)); }
template <class T> complex<T> log2(complex<T> x) { return log(x) / log(T(2)); }
template <class T> complex<T> expm1(complex<T> x) { return exp(x) - T(1); }
inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
inline float rsqrt(float x) { return rsqrtf(x); }
inline double rsqrt(double x) { return 1.0 / sqrt(x); }
inline float __expf(float x) { return expf(x); }
inline float __exp10f(float x) { return powf(10.0f, x); }
inline float __logf(float x) { return logf(x); }
inline float __log2f(float x) { return log2f(x); }
inline float __log10f(float x) { return log10f(x); }
inline float __powf(float x, float y) { return powf(x, y); }
inline float __sinf(float x) { return sinf(x); }
inline float __cosf(float x) { return cosf(x); }
inline float __tanf(float x) { return tanf(x); }
inline float __fdividef(float x, float y) { return x / y; }
inline float __fdiv_rn(float x, float y) { return x / y; }
inline float __fadd_rn(float x, float y) { return x + y; }
inline float __fsub_rn(float x, float y) { return x - y; }
inline float __fmul_rn(float x, float y) { return x * y; }
inline double __dadd_rn(double x, double y) { return x + y; }
inline double __dmul_rn(double x, double y) { return x * y; }
inline float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
inline float __fsqrt_rn(float x) { return sqrtf(x); }
inline float __frcp_rn(float x) { return 1.0f / x; }
inline float __frsqrt_rn(float x) { return rsqrtf(x); }
inline float __saturatef(float x) { return x > 0 ? (x < 1 ? x : 1.0f) : 0.0f; }
inline double normcdf(double x) { return 0.5 * erfc(-x * M_SQRT1_2); }
inline float normcdff(float x) { return 0.5f * erfcf(-x * (float)M_SQRT1_2); }
inline float exp10f(float x, int) { return powf(10.0f, x); }
inline double sinpi(double x) { return sin(M_PI * x); }
inline double cospi(double x) { return cos(M_PI * x); }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x ? __builtin_clz(x) : 32; }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __float_as_int(float x) { int i; memcpy(&i, &x, 4); return i; }
inline unsigned __float_as_uint(float x) { unsigned i; memcpy(&i, &x, 4); return i; }
inline float __int_as_float(int x) { float f; memcpy(&f, &x, 4); return f; }
inline float __uint_as_float(unsigned x) { float f; memcpy(&f, &x, 4); return f; }
inline long long __double_as_longlong(double x) { long long i; memcpy(&i, &x, 8); return i; }
inline double __longlong_as_double(long long x) { double d; memcpy(&d, &x, 8); return d; }
inline unsigned __umulhi(unsigned a, unsigned b) { return ((unsigned long long)a * b) >> 32; }

template <class T> struct _vector2 { T x, y; };
template <class T> struct _vector3 { T x, y, z; };
template <class T> struct alignas(4 * sizeof(T) > 16 ? 16 : 4 * sizeof(T)) _vector4 { T x, y, z, w; };
#define _VECTORS(name, T)                                                                       \
    typedef _vector2<T> name##2;                                                                \
    typedef _vector3<T> name##3;                                                                \
    typedef _vector4<T> name##4;                                                                \
    inline name##2 make_##name##2(T x, T y) { return {x, y}; }                                  \
    inline name##3 make_##name##3(T x, T y, T z) { return {x, y, z}; }                          \
    inline name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }
_VECTORS(float, float)
_VECTORS(double, double)
_VECTORS(int, int)
_VECTORS(uint, unsigned)
_VECTORS(longlong, long long)

// ---- arrays of CuPy's kernels ---------------------------------------------------------------------------------------

template <class T> struct CArray {
    T* _data;
    ptrdiff_t _size;
    int ndim;
    const ptrdiff_t* _shape;
    const ptrdiff_t* _strides;  // in bytes
    ptrdiff_t size() const { return _size; }
    const ptrdiff_t* shape() const { return _shape; }
    const ptrdiff_t* strides() const { return _strides; }
    T& operator[](ptrdiff_t i) const {
        ptrdiff_t offset = 0;
        for (int d = ndim - 1; d > 0; --d) {
            offset += _strides[d] * (i % _shape[d]);
            i /= _shape[d];
        }
        if (ndim) offset += _strides[0] * i;
        return *(T*)((char*)_data + offset);
    }
    template <class I, int N> T& operator[](const I (&index)[N]) const {
        ptrdiff_t offset = 0;
        for (int d = 0; d < N; ++d) offset += _strides[d] * (ptrdiff_t)index[d];
        return *(T*)((char*)_data + offset);
    }
};

struct CIndexer {
    ptrdiff_t _size;
    int ndim;
    const ptrdiff_t* _shape;
    ptrdiff_t _index[32];
    ptrdiff_t size() const { return _size; }
    const ptrdiff_t* get() const { return _index; }
    void set(ptrdiff_t i) {
        for (int d = ndim - 1; d >= 0; --d) {
            _index[d] = i % _shape[d];
            i /= _shape[d];
        }
    }
};

// ---- grids ----------------------------------------------------------------------------------------------------------

struct dim3 {
    unsigned x = 1, y = 1, z = 1;
};
static dim3 gridDim, blockDim, blockIdx, threadIdx;
static const int warpSize = 32;
alignas(128) static char _dynamic_shared[232448];

struct _Barrier {
    int arrived = 0, generation = 0;
};

struct _Fiber {
    ucontext_t context;
    std::unique_ptr<char[]> stack;
    dim3 index;
    bool done = false;
};

struct _Block {
    static const size_t STACK = 1 << 16;
    std::vector<_Fiber> fibers;
    ucontext_t scheduler;
    int now = 0, alive = 0;
    bool moved = false;
    _Barrier all;
    std::vector<_Barrier> warps;
    std::vector<char> slots;  // 16 bytes for what each lane shows to its warp
    void (*body)(void*);
    void* argument;
};
static _Block* _block = nullptr;

static void _yield() {
    _Block& b = *_block;
    int me = b.now;
    swapcontext(&b.fibers[me].context, &b.scheduler);
    threadIdx = b.fibers[me].index;
}

static void _release(_Barrier& barrier, int expected) {
    if (barrier.arrived && barrier.arrived >= expected) {
        barrier.arrived = 0;
        barrier.generation++;
        _block->moved = true;
    }
}

static int _alive_in_warp(int warp, unsigned mask) {
    int count = 0;
    for (int lane = 0; lane < 32; ++lane) {
        size_t t = warp * 32 + lane;
        count += t < _block->fibers.size() && (mask >> lane & 1) && !_block->fibers[t].done;
    }
    return count;
}

static void _wait(_Barrier& barrier, int warp, unsigned mask) {
    int generation = barrier.generation;
    barrier.arrived++;
    _release(barrier, warp < 0 ? _block->alive : _alive_in_warp(warp, mask));
    while (barrier.generation == generation) _yield();
}

static void _fiber_main() {
    _Block& b = *_block;
    int me = b.now;
    b.body(b.argument);
    b.fibers[me].done = true;
    b.alive--;
    b.moved = true;
    _release(b.all, b.alive);
    _release(b.warps[me / 32], _alive_in_warp(me / 32, 0xffffffffu));
    swapcontext(&b.fibers[me].context, &b.scheduler);
}

inline void __syncthreads() { _wait(_block->all, -1, 0); }
inline void __syncwarp(unsigned mask = 0xffffffffu) { _wait(_block->warps[_block->now / 32], _block->now / 32, mask); }
inline void __threadfence() {}
inline void __threadfence_block() {}
inline unsigned __activemask() { return 0xffffffffu; }

template <class T> T _exchange(unsigned mask, T value, int source) {
    static_assert(sizeof(T) <= 16);
    int me = _block->now, warp = me / 32;
    memcpy(&_block->slots[me * 16], &value, sizeof(T));
    __syncwarp(mask);
    T found = value;
    size_t from = warp * 32 + source;
    if (source >= 0 && source < 32 && from < _block->fibers.size()) memcpy(&found, &_block->slots[from * 16], sizeof(T));
    __syncwarp(mask);
    return found;
}
inline int _lane() { return _block->now % 32; }
template <class T> T __shfl_sync(unsigned mask, T v, int lane, int width = 32) {
    return _exchange(mask, v, _lane() / width * width + lane % width);
}
template <class T> T __shfl_up_sync(unsigned mask, T v, unsigned d, int width = 32) {
    int to = _lane() - (int)d;
    return _exchange(mask, v, to < _lane() / width * width ? _lane() : to);
}
template <class T> T __shfl_down_sync(unsigned mask, T v, unsigned d, int width = 32) {
    int to = _lane() + (int)d;
    return _exchange(mask, v, to >= (_lane() / width + 1) * width ? _lane() : to);
}
template <class T> T __shfl_xor_sync(unsigned mask, T v, int bits, int width = 32) {
    int to = _lane() ^ bits;
    return _exchange(mask, v, to / width != _lane() / width ? _lane() : to);
}
inline unsigned __ballot_sync(unsigned mask, int predicate) {
    int me = _block->now, warp = me / 32;
    _block->slots[me * 16] = predicate != 0;
    __syncwarp(mask);
    unsigned found = 0;
    for (int lane = 0; lane < 32; ++lane) {
        size_t t = warp * 32 + lane;
        if (t < _block->fibers.size() && (mask >> lane & 1) && _block->slots[t * 16]) found |= 1u << lane;
    }
    __syncwarp(mask);
    return found;
}
inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, !predicate) == 0; }

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

// Runs `body` for every thread of the grid. Returns 1 where the threads of a block wait for each other for ever.
static int _run_grid(const unsigned* grid, const unsigned* block, bool together, void (*body)(void*), void* argument) {
    gridDim = {grid[0], grid[1], grid[2]};
    blockDim = {block[0], block[1], block[2]};
    int threads = block[0] * block[1] * block[2];
    _Block b;
    b.body = body;
    b.argument = argument;
    if (together) {
        b.fibers.resize(threads);
        b.warps.resize((threads + 31) / 32);
        b.slots.resize(threads * 16);
        for (auto& f : b.fibers) f.stack.reset(new char[_Block::STACK]);
    }
    _block = &b;
    for (unsigned z = 0; z < grid[2]; ++z)
        for (unsigned y = 0; y < grid[1]; ++y)
            for (unsigned x = 0; x < grid[0]; ++x) {
                blockIdx = {x, y, z};
                for (int t = 0; t < threads; ++t) {
                    dim3 index{t % block[0], t / block[0] % block[1], t / (block[0] * block[1])};
                    if (!together) {
                        threadIdx = index;
                        body(argument);
                        continue;
                    }
                    _Fiber& f = b.fibers[t];
                    f.index = index;
                    f.done = false;
                    getcontext(&f.context);
                    f.context.uc_stack.ss_sp = f.stack.get();
                    f.context.uc_stack.ss_size = _Block::STACK;
                    f.context.uc_link = nullptr;
                    makecontext(&f.context, _fiber_main, 0);
                }
                if (!together) continue;
                b.alive = threads;
                b.all = _Barrier();
                for (auto& w : b.warps) w = _Barrier();
                while (b.alive) {
                    b.moved = false;
                    for (int t = 0; t < threads; ++t) {
                        if (b.fibers[t].done) continue;
                        b.now = t;
                        threadIdx = b.fibers[t].index;
                        swapcontext(&b.scheduler, &b.fibers[t].context);
                    }
                    if (!b.moved) return 1;
                }
            }
    return 0;
}

// What kind of parameter a kernel has, one letter each: p pointer, f float, d double, i integer, o other.
template <class T> constexpr char _kind() {
    typedef std::remove_cv_t<std::remove_reference_t<T>> U;
    return std::is_pointer_v<U> ? 'p' : std::is_same_v<U, float> ? 'f' : std::is_same_v<U, double> ? 'd'
        : std::is_integral_v<U> ? 'i' : 'o';
}
template <class... A> struct _Kernel {
    void (*function)(A...);
    void** values;
    template <size_t... I> void call(std::index_sequence<I...>) {
        function(*(std::remove_cv_t<std::remove_reference_t<A>>*)values[I]...);
    }
    static void body(void* self) { ((_Kernel*)self)->call(std::index_sequence_for<A...>()); }
};
template <class... A>
int _run_kernel(void (*f)(A...), void** values, const unsigned* grid, const unsigned* block, bool together) {
    _Kernel<A...> kernel{f, values};
    return _run_grid(grid, block, together, &_Kernel<A...>::body, &kernel);
}
template <class... A> const char* _kinds_of(void (*)(A...)) {
    static const char kinds[] = {_kind<A>()..., 0};
    return kinds;
}
