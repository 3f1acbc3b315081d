#include "program.h"
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "heap.h"
#include "memory.h"
#include "rejections.h"

/* Bytes of stack that programs may use, which the frontend leaves (host.c). */
#define PROGRAM_STACK ((size_t)1 << 20)
/* The engine asks once in 10,000 steps whether it may go on. */
#define STEPS_AT_A_TIME 10000
#define MAX_STEPS 1000000000
/* What promises have to run counts as so many steps. */
#define STEPS_OF_JOB 1000
/* Milliseconds of CPU: some functions of the language never ask, and some steps take long. */
#define MAX_CPU_MS 120000
/* Bytes before garbage in cycles is collected for the first time. */
#define FIRST_COLLECTION ((size_t)24 << 20)

struct module {
    struct module *next;
    char *source; /* NULL in the library */
    size_t size;
    unsigned loaded_in; /* the turn in which it was loaded */
    int is_broken;
    char name[];
};

/* Lies in the heap. */
struct program {
    JSContext *ctx;
    JSValue listener;
    struct module *modules;
    JSValue *messages; /* that it has sent, and nobody has got */
    size_t message_count, message_room;
    struct rejections rejections;
    unsigned questions; /* how often the engine has asked whether it may go on */
    unsigned turn;      /* counts its calls and jobs */
    int ran_out;        /* of memory */
    int is_late;
    struct timeval time_left;
};

struct program *program;

static int is_stopped(void) {
    return program->ran_out || program->is_late || program->questions >= MAX_STEPS / STEPS_AT_A_TIME;
}

static int may_not_go_on(JSRuntime *runtime, void *opaque) {
    if (!is_stopped()) program->questions++;
    return is_stopped();
}

/* ---- modules ---- */

static struct module *add_module(const char *name, const char *source, size_t size) {
    size_t name_size = strlen(name) + 1, source_size = source ? size + 1 : 0;
    struct module *module = limited_memory.js_calloc(NULL, 1, sizeof *module + name_size + source_size);
    if (!module) return NULL;
    memcpy(module->name, name, name_size);
    if (source) {
        module->source = memcpy(module->name + name_size, source, source_size);
        module->size = size;
    }
    module->next = program->modules;
    return program->modules = module;
}

/*
 * The engine frees a module whose imports cannot be loaded, and leaves others that refer to it. So none that was loaded
 * in the same turn is used.
 */
static void *refuse(void) {
    for (struct module *module = program->modules; module; module = module->next)
        if (module->loaded_in == program->turn) module->is_broken = 1;
    return NULL;
}

static struct module *find_module(const char *name) {
    struct module *module = program->modules;
    while (module && strcmp(module->name, name)) module = module->next;
    return module;
}

/* Names of modules are what imports say. */
static char *normalize(JSContext *ctx, const char *base, const char *name, void *opaque) {
    struct module *module = find_module(name);
    if (module && !module->is_broken) return js_strdup(ctx, name);
    if (module) JS_ThrowReferenceError(ctx, "module %s failed to load before", name);
    else if (name[0] == '.') JS_ThrowReferenceError(ctx, "cannot find module %s, which %s imports by a computed name", name, base);
    else JS_ThrowReferenceError(ctx, "cannot find module %s, which %s imports", name, base);
    return refuse();
}

static JSModuleDef *load(JSContext *ctx, const char *name, void *opaque) {
    struct module *module = find_module(name);
    if (!module->source) { /* of the library, with import attributes */
        JS_ThrowReferenceError(ctx, "module %s is imported without attributes", name);
        return refuse();
    }
    module->loaded_in = program->turn;
    JSValue code = JS_Eval(ctx, module->source, module->size, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    if (JS_IsException(code)) return refuse();
    JSModuleDef *loaded = JS_VALUE_GET_PTR(code);
    JS_FreeValue(ctx, code); /* the context has it */
    return loaded;
}

JSValue native_define_module(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
    size_t size;
    const char *name = JS_ToCString(ctx, argv[0]);
    const char *source = name ? JS_ToCStringLen(ctx, &size, argv[1]) : NULL;
    JSValue result = JS_EXCEPTION;
    heap_restore_rest();
    if (source) result = add_module(name, source, size) ? JS_UNDEFINED : JS_ThrowOutOfMemory(ctx);
    JS_FreeCString(ctx, source);
    JS_FreeCString(ctx, name);
    return result;
}

/* ---- what the program calls ---- */

static JSValue program_send(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
    if (!JS_IsString(argv[0])) return JS_ThrowTypeError(ctx, "a message is a string");
    if (program->message_count == program->message_room) {
        size_t room = program->message_room * 2 + 16;
        JSValue *larger = js_realloc(ctx, program->messages, room * sizeof *larger);
        if (!larger) return JS_EXCEPTION;
        program->messages = larger;
        program->message_room = room;
    }
    program->messages[program->message_count++] = JS_DupValue(ctx, argv[0]);
    return JS_UNDEFINED;
}

static JSValue program_listen(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
    JS_FreeValue(ctx, program->listener);
    program->listener = JS_DupValue(ctx, argv[0]);
    return JS_UNDEFINED;
}

static const JSCFunctionListEntry program_functions[] = {
    JS_CFUNC_DEF("send", 1, program_send),
    JS_CFUNC_DEF("listen", 1, program_listen),
};

/* ---- running it ---- */

/* Text of one engine for the other; undefined if the one cannot give it, an exception if the other cannot take it. */
static JSValue copy_text(JSContext *from, JSValueConst value, JSContext *to) {
    size_t size;
    const char *text = JS_ToCStringLen(from, &size, value);
    if (!text) return JS_UNDEFINED;
    JSValue copy = JS_NewStringLen(to, text, size);
    JS_FreeCString(from, text);
    return copy;
}

/* Throws an error in the frontend, with the stack of what was thrown in the program. Takes over both. */
static JSValue throw_from(JSContext *ctx, JSValue error, JSValue thrown) {
    JSContext *inside = program->ctx;
    JSValue stack = JS_UNDEFINED;
    if (JS_IsError(thrown)) {
        JSValue inner = JS_GetPropertyStr(inside, thrown, "stack");
        if (JS_IsString(inner)) stack = copy_text(inside, inner, ctx);
        JS_FreeValue(inside, inner);
    }
    JS_FreeValue(inside, JS_GetException(inside)); /* of its toString or stack */
    JS_FreeValue(inside, thrown);
    if (JS_IsString(stack)) JS_DefinePropertyValueStr(ctx, error, "stack", stack, JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE);
    return JS_Throw(ctx, error);
}

/* Throws in the frontend what was thrown in the program. Takes over `thrown`. */
static JSValue rethrow(JSContext *ctx, JSValue thrown) {
    JSContext *inside = program->ctx;
    JSValue error = JS_NewError(ctx), message = copy_text(inside, thrown, ctx);
    if (JS_IsUndefined(message)) message = JS_NewString(ctx, "the build program threw a value that is not an Error");
    JS_DefinePropertyValueStr(ctx, error, "message", message, JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE);
    return throw_from(ctx, error, thrown);
}

/* Calls the frontend's listener with each message of the program. Returns 0 if it threw. */
static int deliver(JSContext *ctx, JSValueConst listener) {
    JSValue *messages = program->messages;
    size_t count = program->message_count;
    program->messages = NULL;
    program->message_count = program->message_room = 0;
    int succeeds = 1;
    for (size_t i = 0; i < count; i++) {
        if (succeeds) {
            JSValue text = copy_text(program->ctx, messages[i], ctx), result = text;
            if (JS_IsString(text)) result = JS_Call(ctx, listener, JS_UNDEFINED, 1, &text);
            succeeds = !JS_IsException(result);
            JS_FreeValue(ctx, result);
            if (JS_IsString(text)) JS_FreeValue(ctx, text);
        }
        JS_FreeValue(program->ctx, messages[i]);
    }
    js_free(program->ctx, messages);
    return succeeds;
}

static JSValue throw_why_stopped(JSContext *ctx) {
    if (program->ran_out)
        return JS_ThrowPlainError(ctx, "the build program needs more than the %zu MiB of memory that it may use. Look for a list or a text that grows without end.", PROGRAM_MEMORY >> 20);
    if (program->is_late)
        return JS_ThrowPlainError(ctx, "the build program takes too long: it may take %d s of CPU. Look for work on very large texts or lists.", MAX_CPU_MS / 1000);
    return JS_ThrowPlainError(ctx, "the build program takes too many steps: it may take 1,000,000,000. Look for a loop, or a chain of promises, that does not end.");
}

/* Runs what promises have to run. What is thrown meanwhile comes after what `*thrown` already holds. */
static void run_jobs(JSValue *thrown) {
    JSContext *job;
    for (int ran; !is_stopped() && (ran = JS_ExecutePendingJob(JS_GetRuntime(program->ctx), &job));) {
        if (++program->turn % (STEPS_AT_A_TIME / STEPS_OF_JOB) == 0) program->questions++;
        if (ran > 0) continue;
        JSValue error = JS_GetException(program->ctx);
        if (JS_IsUninitialized(*thrown)) *thrown = error;
        else JS_FreeValue(program->ctx, error);
    }
    JSValue reason;
    while (take_rejection(program->ctx, &program->rejections, &reason)) {
        if (JS_IsUninitialized(*thrown)) *thrown = reason;
        else JS_FreeValue(program->ctx, reason);
    }
}

/* Calls the program's listener, and runs what follows. Returns what was thrown, or JS_UNINITIALIZED. */
static JSValue run(JSValueConst message) {
    JSContext *ctx = program->ctx;
    JSValue listener = JS_DupValue(ctx, program->listener), thrown = JS_UNINITIALIZED;
    JSValue result = JS_Call(ctx, listener, JS_UNDEFINED, 1, &message);
    if (JS_IsException(result)) thrown = JS_GetException(ctx);
    JS_FreeValue(ctx, result);
    JS_FreeValue(ctx, listener);
    program->turn++;
    run_jobs(&thrown);
    return thrown;
}

static sigjmp_buf way_out;
static volatile sig_atomic_t is_running;

static void leave_program(void) {
    if (is_running) siglongjmp(way_out, 1);
}

static void on_timer(int number) {
    if (memory_busy) memory_busy = 2;
    else leave_program();
}

/* Leaves the program where it is if it runs too long, and then nothing of it is used any more. */
static JSValue run_in_time(JSValueConst message) {
    struct itimerval timer = {{1, 0}, program->time_left}, none = {0};
    sigaction(SIGPROF, &(struct sigaction){.sa_handler = on_timer, .sa_flags = SA_NODEFER}, NULL);
    memory_leave = leave_program;
    volatile JSValue thrown = JS_UNINITIALIZED;
    if (sigsetjmp(way_out, 0) == 0) {
        is_running = 1;
        setitimer(ITIMER_PROF, &timer, NULL);
        thrown = run(message);
    } else {
        program->is_late = 1;
    }
    is_running = 0;
    setitimer(ITIMER_PROF, &none, &timer);
    program->time_left = timer.it_value;
    return thrown;
}

JSValue native_send_to_program(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
    heap_restore_rest();
    JSContext *inside = program->ctx;
    if (is_stopped()) return throw_why_stopped(ctx);
    if (JS_IsUndefined(program->listener)) return JS_ThrowPlainError(ctx, "no build program listens");
    if (!JS_IsString(argv[0])) return JS_ThrowTypeError(ctx, "a message is a string");

    JS_UpdateStackTop(JS_GetRuntime(inside));
    JSValue message = copy_text(ctx, argv[0], inside);
    if (JS_IsUndefined(message)) return JS_EXCEPTION;
    JSValue thrown = JS_IsException(message) ? JS_GetException(inside) : run_in_time(message);
    /* What it has sent may be unfinished, or as large as the memory. */
    if (program->is_late || program->ran_out) return throw_why_stopped(ctx);
    JS_FreeValue(inside, message);

    int delivered = deliver(ctx, argv[1]);
    if (delivered && is_stopped()) {
        throw_why_stopped(ctx);
        return throw_from(ctx, JS_GetException(ctx), thrown); /* what was thrown is where it was stopped */
    }
    if (delivered && !JS_IsUninitialized(thrown)) return rethrow(ctx, thrown);
    JS_FreeValue(inside, thrown);
    return delivered ? JS_UNDEFINED : JS_EXCEPTION;
}

/* ---- making it ---- */

struct program *create_program(void) {
    program = limited_memory.js_calloc(NULL, 1, sizeof *program);
    JSRuntime *runtime = JS_NewRuntime2(&limited_memory, &program->ran_out);
    JS_SetGCThreshold(runtime, FIRST_COLLECTION);
    JS_SetMaxStackSize(runtime, PROGRAM_STACK);
    JS_SetInterruptHandler(runtime, may_not_go_on, NULL);
    JS_SetHostPromiseRejectionTracker(runtime, note_rejection, &program->rejections);
    JS_SetModuleLoaderFunc(runtime, normalize, load, NULL);
    JSContext *ctx = JS_NewContextRaw(runtime);
    JS_AddIntrinsicBaseObjects(ctx);
    JS_AddIntrinsicDate(ctx);
    JS_AddIntrinsicEval(ctx);
    JS_AddIntrinsicRegExp(ctx);
    JS_AddIntrinsicJSON(ctx);
    JS_AddIntrinsicProxy(ctx);
    JS_AddIntrinsicMapSet(ctx);
    JS_AddIntrinsicTypedArrays(ctx);
    JS_AddIntrinsicPromise(ctx);
    JS_AddIntrinsicBigInt(ctx); /* no WeakRef and FinalizationRegistry, which show when garbage is collected */

    JSValue global = JS_GetGlobalObject(ctx), object = JS_NewObject(ctx);
    JS_SetPropertyFunctionList(ctx, object, program_functions, sizeof program_functions / sizeof *program_functions);
    JS_SetPropertyStr(ctx, global, "program", object);
    JS_FreeValue(ctx, global);
    program->ctx = ctx;
    program->listener = JS_UNDEFINED;
    program->turn = 1;
    program->time_left.tv_sec = MAX_CPU_MS / 1000;
    return program;
}

int add_library(struct program *program, const char *name, const uint8_t *bytecode, size_t size) {
    JSContext *ctx = program->ctx;
    JS_UpdateStackTop(JS_GetRuntime(ctx));
    JSValue module = JS_ReadObject(ctx, bytecode, size, JS_READ_OBJ_BYTECODE), thrown = JS_UNINITIALIZED;
    if (!JS_IsException(module) && JS_ResolveModule(ctx, module) == 0) JS_FreeValue(ctx, JS_EvalFunction(ctx, module));
    if (JS_HasException(ctx)) thrown = JS_GetException(ctx);
    run_jobs(&thrown);
    JS_RunGC(JS_GetRuntime(ctx));
    if (JS_IsUninitialized(thrown)) return add_module(name, NULL, 0) != NULL;
    fprintf(stderr, "%s: %s\n", name, JS_ToCString(ctx, thrown));
    return 0;
}

int add_library_text(const char *name, const char *text, size_t size) { return add_module(name, text, size) != NULL; }
