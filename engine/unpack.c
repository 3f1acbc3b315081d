#include "unpack.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define PIECE 65536

struct unpacking {
    JSValue data; /* the bytes that are unpacked */
    size_t used;
    int ended;
    ZSTD_DStream *zstd; /* or else gzip */
    z_stream gzip;
};

JSClassID unpacking_class;

static void finalize(JSRuntime *runtime, JSValueConst self) {
    struct unpacking *u = JS_GetOpaque(self, unpacking_class);
    if (!u) return;
    if (u->zstd) ZSTD_freeDStream(u->zstd);
    else inflateEnd(&u->gzip);
    JS_FreeValueRT(runtime, u->data);
    js_free_rt(runtime, u);
}

static void mark(JSRuntime *runtime, JSValueConst self, JS_MarkFunc *mark_function) {
    struct unpacking *u = JS_GetOpaque(self, unpacking_class);
    if (u) JS_MarkValue(runtime, u->data, mark_function);
}

/* Each of both fills `piece` as far as it can, and returns what is wrong with the data. */

static const char *gunzip(struct unpacking *u, const uint8_t *data, size_t size, uint8_t *piece, size_t *filled) {
    u->gzip.next_in = (uint8_t *)data + u->used;
    u->gzip.avail_in = size - u->used;
    u->gzip.next_out = piece;
    u->gzip.avail_out = PIECE;
    int code = inflate(&u->gzip, Z_SYNC_FLUSH);
    u->used = size - u->gzip.avail_in;
    *filled = PIECE - u->gzip.avail_out;
    u->ended = code == Z_STREAM_END;
    if (code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR) return NULL;
    return u->gzip.msg ? u->gzip.msg : code == Z_MEM_ERROR ? "out of memory" : "it needs a dictionary";
}

static const char *unzstd(struct unpacking *u, const uint8_t *data, size_t size, uint8_t *piece, size_t *filled) {
    ZSTD_inBuffer input = {data, size, u->used};
    ZSTD_outBuffer output = {piece, PIECE, 0};
    size_t code = ZSTD_decompressStream(u->zstd, &output, &input);
    u->used = input.pos;
    *filled = output.pos;
    u->ended = code == 0;
    return ZSTD_isError(code) ? ZSTD_getErrorName(code) : NULL;
}

static JSValue next(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
    struct unpacking *u = JS_GetOpaque2(ctx, self, unpacking_class);
    if (!u) return JS_EXCEPTION;
    if (u->ended) return JS_UNDEFINED;
    size_t size, filled;
    const uint8_t *data = JS_GetUint8Array(ctx, &size, u->data);
    if (!data) return JS_EXCEPTION;
    if (u->used > size) return JS_ThrowRangeError(ctx, "the data has changed");
    uint8_t piece[PIECE];
    const char *problem = (u->zstd ? unzstd : gunzip)(u, data, size, piece, &filled);
    if (problem) return JS_ThrowPlainError(ctx, "%s", problem);
    return filled ? JS_NewUint8ArrayCopy(ctx, piece, filled) : JS_UNDEFINED;
}

enum { USED, ENDED };

static JSValue get(JSContext *ctx, JSValueConst self, int what) {
    struct unpacking *u = JS_GetOpaque2(ctx, self, unpacking_class);
    if (!u) return JS_EXCEPTION;
    return what == USED ? JS_NewInt64(ctx, u->used) : JS_NewBool(ctx, u->ended);
}

JSValue native_unpack(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
    size_t size;
    if (!JS_GetUint8Array(ctx, &size, argv[1])) return JS_EXCEPTION;
    const char *format = JS_ToCString(ctx, argv[0]);
    if (!format) return JS_EXCEPTION;
    int is_zstd = !strcmp(format, "zstd");
    JS_FreeCString(ctx, format);

    struct unpacking *u = js_mallocz(ctx, sizeof *u);
    if (!u) return JS_EXCEPTION;
    int ready = is_zstd ? (u->zstd = ZSTD_createDStream()) != NULL : inflateInit2(&u->gzip, 15 + 16) == Z_OK;
    JSValue object = ready ? JS_NewObjectClass(ctx, unpacking_class) : JS_ThrowOutOfMemory(ctx);
    if (JS_IsException(object)) {
        if (ready && is_zstd) ZSTD_freeDStream(u->zstd);
        else if (ready) inflateEnd(&u->gzip);
        js_free(ctx, u);
        return object;
    }
    u->data = JS_DupValue(ctx, argv[1]);
    JS_SetOpaque(object, u);
    return object;
}

static const JSClassDef class_definition = {"Unpacking", .finalizer = finalize, .gc_mark = mark};
static const JSCFunctionListEntry members[] = {
    JS_CFUNC_DEF("next", 0, next),
    JS_CGETSET_MAGIC_DEF("used", get, NULL, USED),
    JS_CGETSET_MAGIC_DEF("ended", get, NULL, ENDED),
};

void add_unpacking(JSContext *ctx) {
    JS_NewClassID(JS_GetRuntime(ctx), &unpacking_class);
    JS_NewClass(JS_GetRuntime(ctx), unpacking_class, &class_definition);
    JSValue prototype = JS_NewObject(ctx);
    JS_SetPropertyFunctionList(ctx, prototype, members, sizeof members / sizeof *members);
    JS_SetClassProto(ctx, unpacking_class, prototype);
}
