// Fourth part: grids of blocks of threads, barriers, and what the lanes of a warp tell each other.
//
// The threads of a block are fibers: each runs until it meets a barrier or ends, then the next one does. A thread that
// reads what another one writes without a barrier between them reads too early, every time. Blocks run one after the
// other. Shared memory is what a block finds it as: nothing clears it.

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
