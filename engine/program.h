/*
 * The engine of a build program: a runtime of its own, which shares nothing with that of the frontend but the memory
 * limit. Its programs are untrusted: they reach the language, `program` (host.d.ts) and the modules that were defined.
 */
#include "quickjs.h"

struct program;

/* Makes the engine. Only called where the heap is made. */
struct program *create_program(void);
/* Evaluates a module of the library, compiled, so that programs can import it. Returns 0 and prints why if it fails. */
int add_library(struct program *program, const char *name, const uint8_t *bytecode, size_t size);
/* Adds a module of the library that is compiled when a program imports it. */
int add_library_text(const char *name, const char *text, size_t size);

/* The engine that these functions of `native` use. */
extern struct program *program;
JSValue native_define_module(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv);
JSValue native_send_to_program(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv);
