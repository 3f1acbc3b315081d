/*
 * The frontend image's process: runs the script that is linked in as bytecode on quickjs-ng, and gives it `native`,
 * whose members host.d.ts describes. Whatever TypeScript can do is not
 * done here, but for SHA-256 and UTF-8, for which it is too slow.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "connections.h"
#include "heap.h"
#include "memory.h"
#include "program.h"
#include "quickjs.h"
#include "rejections.h"
#include "sha256.h"
#include "unpack.h"
#include "utf8.h"

/* Bytes before garbage in cycles is collected for the first time: a build of thousands of instructions ends before. */
#define FIRST_COLLECTION ((size_t)64 << 20)
/* Bytes of stack, if the system allows as much, and how many of them the script leaves to C and to a build program. */
#define STACK_SIZE ((size_t)64 << 20)
#define STACK_MARGIN ((size_t)2 << 20)
#define PIECE 65536

#define EXIT_FAILED 2

#ifdef __aarch64__
#define ARCHITECTURE "arm64"
#else
#define ARCHITECTURE "amd64"
#endif

static JSValue listener;
static struct { int input, output, has_timer; double timer; } wanted;
static volatile sig_atomic_t signaled, exit_on_signal;
static int memory_reported;
static struct rejections rejections;

/* ---- bytes and text ---- */

static JSValue native_sha256(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
    size_t size;
    const uint8_t *data = JS_GetUint8Array(ctx, &size, argv[0]);
    if (!data) return JS_EXCEPTION;
    uint8_t digest[32];
    char hex[64];
    sha256(data, size, digest);
    for (int i = 0; i < 64; i++) hex[i] = "0123456789abcdef"[digest[i / 2] >> (i % 2 ? 0 : 4) & 15];
    return JS_NewStringLen(ctx, hex, sizeof hex);
}

enum { REPLACE, ESCAPE };

/* The engine takes UTF-8 in which lone surrogates are encoded like other characters. */
static JSValue native_decode(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv, int invalid) {
    size_t size;
    const uint8_t *data = JS_GetUint8Array(ctx, &size, argv[0]);
    if (!data) return JS_EXCEPTION;
    size_t at = utf8_valid_prefix(data, size), end = at;
    if (at == size) return JS_NewStringLen(ctx, (const char *)data, size);
    uint8_t *text = js_malloc(ctx, at + (size - at) * 3);
    if (!text) return JS_EXCEPTION;
    memcpy(text, data, at);
    while (at < size) {
        int valid;
        size_t length = utf8_sequence(data + at, size - at, &valid);
        if (valid) {
            memcpy(text + end, data + at, length);
            end += length;
        } else {
            if (invalid == ESCAPE) length = 1;
            uint32_t code = invalid == ESCAPE ? 0xdc00 + data[at] : 0xfffd;
            text[end++] = 0xe0 | code >> 12;
            text[end++] = 0x80 | (code >> 6 & 0x3f);
            text[end++] = 0x80 | (code & 0x3f);
        }
        at += length;
    }
    JSValue string = JS_NewStringLen(ctx, (const char *)text, end);
    js_free(ctx, text);
    return string;
}

/*
 * Writes the engine's UTF-8 as real UTF-8 or, if `invalid` says so, as the bytes that were decoded. Returns its size.
 */
static size_t write_utf8(const uint8_t *text, size_t size, int invalid, uint8_t *target) {
    size_t at = utf8_valid_prefix(text, size), end = at;
    memcpy(target, text, at);
    while (at < size) {
        int valid;
        size_t length = utf8_sequence(text + at, size - at, &valid);
        uint32_t code = valid ? 0 : 0xd000 | (text[at + 1] & 0x3f) << 6 | (text[at + 2] & 0x3f);
        if (valid) {
            memcpy(target + end, text + at, length);
        } else if (invalid == ESCAPE && code >= 0xdc80 && code <= 0xdcff) {
            target[end] = code - 0xdc00;
            length = 1;
        } else {
            memcpy(target + end, "\xef\xbf\xbd", 3);
            length = 3;
        }
        at += valid ? length : 3;
        end += length;
    }
    return end;
}

static JSValue native_encode_text(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
    size_t size;
    const uint8_t *text = (const uint8_t *)JS_ToCStringLen(ctx, &size, argv[0]);
    if (!text) return JS_EXCEPTION;
    JSValue array = JS_EXCEPTION;
    uint8_t *data = NULL;
    if (utf8_valid_prefix(text, size) == size) array = JS_NewUint8ArrayCopy(ctx, text, size);
    else if ((data = js_malloc(ctx, size))) array = JS_NewUint8ArrayCopy(ctx, data, write_utf8(text, size, ESCAPE, data));
    js_free(ctx, data);
    JS_FreeCString(ctx, (const char *)text);
    return array;
}

static JSValue native_encode_into(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
    size_t size, room;
    uint64_t offset;
    if (JS_ToIndex(ctx, &offset, argv[2])) return JS_EXCEPTION;
    const uint8_t *text = (const uint8_t *)JS_ToCStringLen(ctx, &size, argv[0]);
    if (!text) return JS_EXCEPTION;
    JSValue result = JS_EXCEPTION;
    uint8_t *target = JS_GetUint8Array(ctx, &room, argv[1]);
    /* U+FFFD has as many bytes as a lone surrogate. */
    if (target && (offset > room || size > room - offset)) JS_ThrowRangeError(ctx, "%zu bytes of text do not fit", size);
    else if (target) result = JS_NewInt64(ctx, write_utf8(text, size, REPLACE, target + offset));
    JS_FreeCString(ctx, (const char *)text);
    return result;
}

/* ---- the system ---- */

static JSValue native_random_bytes(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
    uint64_t size;
    uint8_t data[PIECE];
    if (JS_ToIndex(ctx, &size, argv[0])) return JS_EXCEPTION;
    if (size > sizeof data) return JS_ThrowRangeError(ctx, "at most %zu random bytes", sizeof data);
    for (size_t got = 0; got < size;) {
        ssize_t more = getrandom(data + got, size - got, 0);
        if (more < 0 && errno != EINTR) return JS_ThrowInternalError(ctx, "getrandom: %s", strerror(errno));
        if (more > 0) got += more;
    }
    return JS_NewUint8ArrayCopy(ctx, data, size);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static JSValue native_now(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
    return JS_NewFloat64(ctx, now());
}

static JSValue native_architecture(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
    return JS_NewString(ctx, ARCHITECTURE);
}

static int is_pipe(int fd) {
    struct stat status;
    return !fstat(fd, &status) && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

static JSValue native_is_pipe(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
    int fd;
    return JS_ToInt32(ctx, &fd, argv[0]) ? JS_EXCEPTION : JS_NewBool(ctx, is_pipe(fd));
}

static JSValue native_read(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
    uint8_t piece[PIECE];
    ssize_t size = read(0, piece, sizeof piece);
    if (size > 0) return JS_NewUint8ArrayCopy(ctx, piece, size);
    return size < 0 && (errno == EAGAIN || errno == EINTR) ? JS_UNDEFINED : JS_NULL;
}

static void write_error(const char *text, size_t size) {
    while (size > 0) {
        ssize_t written = write(2, text, size);
        if (written < 0 && errno == EAGAIN) poll(&(struct pollfd){2, POLLOUT, 0}, 1, -1);
        else if (written < 0 && errno != EINTR) return;
        if (written > 0) text += written, size -= written;
    }
}

static JSValue native_write(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
    int fd;
    size_t size;
    if (JS_ToInt32(ctx, &fd, argv[0])) return JS_EXCEPTION;
    const uint8_t *data = JS_GetUint8Array(ctx, &size, argv[1]);
    if (!data) return JS_EXCEPTION;
    if (fd == 2) {
        write_error((const char *)data, size);
        return JS_NewInt64(ctx, size);
    }
    ssize_t written = write(1, data, size);
    if (written >= 0) return JS_NewInt64(ctx, written);
    if (errno == EAGAIN || errno == EINTR) return JS_NewInt32(ctx, 0);
    return JS_ThrowPlainError(ctx, "standard output: %s", strerror(errno));
}

static JSValue native_listen(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
    JS_FreeValue(ctx, listener);
    listener = JS_DupValue(ctx, argv[0]);
    return JS_UNDEFINED;
}

static JSValue native_wait(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
    double ms;
    if (JS_ToFloat64(ctx, &ms, argv[2])) return JS_EXCEPTION;
    wanted.input = JS_ToBool(ctx, argv[0]);
    wanted.output = JS_ToBool(ctx, argv[1]);
    wanted.has_timer = ms >= 0;
    if (wanted.has_timer) wanted.timer = ms > 0 ? now() + ms : 0;
    return JS_UNDEFINED;
}

static JSValue native_exit_on_signal(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
    exit_on_signal = 1;
    return JS_UNDEFINED;
}

static JSValue native_exit(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
    int code;
    _exit(JS_ToInt32(ctx, &code, argv[0]) ? EXIT_FAILED : code);
}

extern char **environ;

static JSValue native_environment(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
    JSValue env = JS_NewObjectProto(ctx, JS_NULL);
    for (char **entry = environ; *entry; entry++) {
        const char *equals = strchr(*entry, '=');
        if (!equals) continue;
        JSValue bytes = JS_NewUint8ArrayCopy(ctx, (const uint8_t *)equals + 1, strlen(equals + 1));
        JSAtom name = JS_NewAtomLen(ctx, *entry, equals - *entry);
        JS_DefinePropertyValue(ctx, env, name, native_decode(ctx, JS_UNDEFINED, 1, &bytes, REPLACE), JS_PROP_C_W_E);
        JS_FreeAtom(ctx, name);
        JS_FreeValue(ctx, bytes);
    }
    return env;
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("sha256", 1, native_sha256),
    JS_CFUNC_MAGIC_DEF("decodeText", 1, native_decode, ESCAPE),
    JS_CFUNC_MAGIC_DEF("decodeLossy", 1, native_decode, REPLACE),
    JS_CFUNC_DEF("encodeText", 1, native_encode_text),
    JS_CFUNC_DEF("encodeInto", 3, native_encode_into),
    JS_CFUNC_DEF("randomBytes", 1, native_random_bytes),
    JS_CFUNC_DEF("environment", 0, native_environment),
    JS_CFUNC_DEF("now", 0, native_now),
    JS_CFUNC_DEF("isPipe", 1, native_is_pipe),
    JS_CFUNC_DEF("read", 0, native_read),
    JS_CFUNC_DEF("write", 2, native_write),
    JS_CFUNC_DEF("listen", 1, native_listen),
    JS_CFUNC_DEF("wait", 3, native_wait),
    JS_CFUNC_DEF("exitOnSignal", 0, native_exit_on_signal),
    JS_CFUNC_DEF("exit", 1, native_exit),
    JS_CFUNC_DEF("unpack", 2, native_unpack),
    JS_CFUNC_DEF("architecture", 0, native_architecture),
    JS_CFUNC_DEF("defineModule", 2, native_define_module),
    JS_CFUNC_DEF("sendToProgram", 2, native_send_to_program),
};

static void add_native(JSContext *ctx) {
    JSValue global = JS_GetGlobalObject(ctx), native = JS_NewObject(ctx);
    JS_SetPropertyFunctionList(ctx, native, functions, sizeof functions / sizeof *functions);
    JS_SetPropertyStr(ctx, global, "native", native);
    JS_FreeValue(ctx, global);
}

/* ---- running ---- */

static _Noreturn void fail(const char *text, size_t size) {
    write_error("tsfront: ", 9);
    write_error(text, size);
    write_error("\n", 1);
    _exit(EXIT_FAILED);
}

static _Noreturn void die(JSContext *ctx, JSValue error) {
    size_t size;
    const char *text = JS_ToCStringLen(ctx, &size, error);
    if (!text) fail("out of memory", 13);
    fail(text, size);
}

/* Calls the listener; what it throws comes back to it once. Takes over `value`. */
static void emit(JSContext *ctx, const char *event, JSValue value) {
    int is_failure = !strcmp(event, "failure");
    JSValue arguments[] = {JS_NewString(ctx, event), value};
    JSValue result = JS_Call(ctx, listener, JS_UNDEFINED, 2, arguments);
    if (JS_IsException(result) && is_failure) die(ctx, JS_GetException(ctx));
    JS_FreeValue(ctx, arguments[0]);
    JS_FreeValue(ctx, value);
    if (JS_IsException(result)) emit(ctx, "failure", JS_GetException(ctx));
    JS_FreeValue(ctx, result);
}

static void report_memory(JSContext *ctx) {
    if (!memory_ran_out || memory_reported) return;
    memory_reported = 1;
    JS_ThrowRangeError(ctx, "the build needs more than the %zu MiB of memory that a frontend may use", MEMORY_LIMIT >> 20);
    emit(ctx, "failure", JS_GetException(ctx));
}

/* Runs what promises have to run after each call of the script, and reports what failed meanwhile. */
static void settle(JSContext *ctx) {
    for (;;) {
        report_memory(ctx);
        JSContext *job;
        int ran = JS_ExecutePendingJob(JS_GetRuntime(ctx), &job);
        if (ran < 0) emit(ctx, "failure", JS_GetException(ctx));
        if (ran != 0) continue;
        JSValue reason;
        if (!take_rejection(ctx, &rejections, &reason)) return;
        emit(ctx, "failure", reason);
    }
}

static void call(JSContext *ctx, const char *event, JSValue value) {
    emit(ctx, event, value);
    settle(ctx);
}

static void on_signal(int number) {
    if (signaled || exit_on_signal) _exit(EXIT_FAILED);
    signaled = number;
}

/* Waits for one of the events that are wanted, and calls the listener. */
static void turn(JSContext *ctx, const sigset_t *signals, int *told) {
    struct pollfd fds[2] = {{wanted.input ? 0 : -1, POLLIN, 0}, {wanted.output ? 1 : -1, POLLOUT, 0}};
    double left = wanted.has_timer ? wanted.timer - now() : 0;
    if (left < 0) left = 0;
    struct timespec timeout = {left / 1e3, (left / 1e3 - (time_t)(left / 1e3)) * 1e9};

    /* A signal comes before the test, or while ppoll waits. */
    sigset_t before;
    sigprocmask(SIG_BLOCK, signals, &before);
    int ready = 0;
    if (!signaled || *told) ready = ppoll(fds, 2, wanted.has_timer ? &timeout : NULL, &before);
    sigprocmask(SIG_SETMASK, &before, NULL);

    if (signaled && !*told) {
        *told = 1;
        call(ctx, "signal", JS_NewString(ctx, signaled == SIGINT ? "SIGINT" : "SIGTERM"));
    }
    if (ready > 0 && fds[0].revents && wanted.input) call(ctx, "input", JS_UNDEFINED);
    if (ready > 0 && fds[1].revents && wanted.output) call(ctx, "output", JS_UNDEFINED);
    if (wanted.has_timer && wanted.timer <= now()) {
        wanted.has_timer = 0;
        call(ctx, "timer", JS_UNDEFINED);
    }
}

static void use_large_stack(JSRuntime *runtime) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit)) return;
    if (limit.rlim_cur < STACK_SIZE) {
        rlim_t larger = limit.rlim_max < STACK_SIZE ? limit.rlim_max : STACK_SIZE;
        if (!setrlimit(RLIMIT_STACK, &(struct rlimit){larger, limit.rlim_max})) limit.rlim_cur = larger;
    }
    size_t size = limit.rlim_cur < STACK_SIZE ? limit.rlim_cur : STACK_SIZE;
    JS_SetMaxStackSize(runtime, size > 2 * STACK_MARGIN ? size - STACK_MARGIN : size / 2);
}

/* Only called where the heap is made, but the heap leads to what it names. */
JSContext *create_context(void) {
    JSRuntime *runtime = JS_NewRuntime2(&limited_memory, NULL);
    JS_SetGCThreshold(runtime, FIRST_COLLECTION);
    JS_SetHostPromiseRejectionTracker(runtime, note_rejection, &rejections);
    JSContext *ctx = JS_NewContextRaw(runtime);
    JS_AddIntrinsicBaseObjects(ctx);
    JS_AddIntrinsicDate(ctx);
    JS_AddIntrinsicRegExp(ctx);
    JS_AddIntrinsicJSON(ctx);
    JS_AddIntrinsicProxy(ctx);
    JS_AddIntrinsicMapSet(ctx);
    JS_AddIntrinsicTypedArrays(ctx);
    JS_AddIntrinsicPromise(ctx);
    JS_AddIntrinsicBigInt(ctx);
    JS_AddIntrinsicWeakRef(ctx);
    add_unpacking(ctx);
    add_native(ctx);
    return ctx;
}

/* Starts the script that has been run, and gives it the events that it waits for. */
static _Noreturn void serve(JSContext *ctx) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_signal}, NULL);
    sigaction(SIGINT, &(struct sigaction){.sa_handler = on_signal}, NULL);
    signal(SIGPIPE, SIG_IGN);
    for (int fd = 0; fd <= 1; fd++)
        if (is_pipe(fd)) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    JS_UpdateStackTop(JS_GetRuntime(ctx));
    use_large_stack(JS_GetRuntime(ctx));
    call(ctx, "start", JS_UNDEFINED);
    for (int told = 0; wanted.input || wanted.output || wanted.has_timer;) turn(ctx, &signals, &told);
    _exit(EXIT_FAILED); /* nothing is left that the script waits for */
}

#ifdef PREPARE

/* The heap is the same whenever it is made: time stands still, and nothing is random. */
#ifndef __SANITIZE_ADDRESS__
int gettimeofday(struct timeval *time, void *zone) { return *time = (struct timeval){1, 0}, 0; }
int clock_gettime(clockid_t clock, struct timespec *time) { return *time = (struct timespec){1, 0}, 0; }
#endif
ssize_t getrandom(void *data, size_t size, unsigned flags) { return memset(data, 0, size), size; }

static int export_nothing(JSContext *ctx, JSModuleDef *module) { return 0; }

/* What a module imports is not looked at when it is compiled. */
static JSModuleDef *stand_in(JSContext *ctx, const char *name, void *opaque) { return JS_NewCModule(ctx, name, export_nothing); }

static char *read_text(const char *file, size_t *size) {
    FILE *in = fopen(file, "rb");
    if (!in) return perror(file), NULL;
    fseek(in, 0, SEEK_END);
    *size = ftell(in);
    rewind(in);
    char *text = calloc(1, *size + 1);
    if (fread(text, 1, *size, in) != *size) return perror(file), NULL;
    return text;
}

/* Compiles a script without its source; the heap gets nothing of the compiler. */
static uint8_t *compile(const char *file, const char *name, int type, int strip, size_t *length) {
    size_t size;
    char *source = read_text(file, &size);
    if (!source) return NULL;
    JSContext *ctx = JS_NewContext(JS_NewRuntime());
    JS_SetModuleLoaderFunc(JS_GetRuntime(ctx), NULL, stand_in, NULL);
    JSValue code = JS_Eval(ctx, source, size, name, type | JS_EVAL_FLAG_STRICT | JS_EVAL_FLAG_COMPILE_ONLY);
    if (JS_IsException(code)) die(ctx, JS_GetException(ctx));
    return JS_WriteObject(ctx, length, code, JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE | strip);
}

/*
 * Adds a module DIRECTORY/NAME.js as tsfront/NAME. A function without debug information cannot import(). The LLB
 * library, which few programs import, stays text: that takes a third of the size.
 */
static int add_library_file(const char *file) {
    char name[64];
    const char *base = strrchr(file, '/');
    snprintf(name, sizeof name, "tsfront/%s", base ? base + 1 : file);
    if (strrchr(name, '.')) *strrchr(name, '.') = 0;
    size_t length;
    if (!strcmp(name, "tsfront/llb")) {
        const char *text = read_text(file, &length);
        return text && add_library_text(name, text, length);
    }
    uint8_t *bytecode = compile(file, name, JS_EVAL_TYPE_MODULE, 0, &length);
    return bytecode && add_library(program, name, bytecode, length);
}

/*
 * Makes the heap of the frontend: prepare [-o HEAP] SCRIPT MODULE…. The modules are those of build programs. Without
 * HEAP it is the frontend itself; frontend-sanitized is one for each connection if FRONTEND_SOCKET is the path of a
 * socket.
 */
int main(int argc, char **argv) {
    const char *heap = argc > 3 && !strcmp(argv[1], "-o") ? argv[2] : NULL;
    char **files = argv + (heap ? 3 : 1);
    listener = JS_UNDEFINED;
    create_program();
    for (char **module = files + 1; *files && *module; module++)
        if (!add_library_file(*module)) return EXIT_FAILED;
    if (heap) heap_end_rest();

    size_t length;
    uint8_t *bytecode = *files ? compile(*files, "frontend.js", JS_EVAL_TYPE_GLOBAL, JS_WRITE_OBJ_STRIP_DEBUG, &length) : NULL;
    if (!bytecode) return EXIT_FAILED;
    JSContext *ctx = create_context();
    use_large_stack(JS_GetRuntime(ctx));
    JSValue result = JS_EvalFunction(ctx, JS_ReadObject(ctx, bytecode, length, JS_READ_OBJ_BYTECODE));
    if (JS_IsException(result)) die(ctx, JS_GetException(ctx));
    JS_FreeValue(ctx, result);
    settle(ctx); /* a failure goes to the listener, which tells it and ends */
#ifdef __SANITIZE_ADDRESS__
    if (getenv("FRONTEND_SOCKET")) serve_connections(getenv("FRONTEND_SOCKET"));
#endif
    if (!heap) serve(ctx);
    if (wanted.has_timer) fail("the script waits while its heap is made", 39);
    JS_RunGC(JS_GetRuntime(ctx));
    struct heap_roots roots = {ctx, listener, unpacking_class, program, memory_used};
    return heap_save(heap, &roots) ? 0 : EXIT_FAILED;
}

#else

int main(void) {
    const struct heap_roots *roots = heap_restore();
    if (!roots) fail("this system has no room for the heap", 36);
    listener = roots->listener;
    unpacking_class = roots->unpacking_class;
    program = roots->program;
    memory_used = roots->memory_used;
    serve(roots->ctx);
}

#endif
