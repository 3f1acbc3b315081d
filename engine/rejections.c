#include "rejections.h"

void note_rejection(JSContext *ctx, JSValueConst promise, JSValueConst reason, bool handled, void *opaque) {
    struct rejections *all = opaque;
    if (!handled) {
        if (all->count == MAX_REJECTIONS) return;
        all->list[all->count].promise = JS_DupValue(ctx, promise);
        all->list[all->count++].reason = JS_DupValue(ctx, reason);
        return;
    }
    for (size_t i = 0; i < all->count; i++) {
        if (JS_VALUE_GET_PTR(all->list[i].promise) != JS_VALUE_GET_PTR(promise)) continue;
        JS_FreeValue(ctx, all->list[i].promise);
        JS_FreeValue(ctx, all->list[i].reason);
        all->list[i] = all->list[--all->count];
        return;
    }
}

int take_rejection(JSContext *ctx, struct rejections *all, JSValue *reason) {
    if (all->count == 0) return 0;
    all->count--;
    JS_FreeValue(ctx, all->list[all->count].promise);
    *reason = all->list[all->count].reason;
    return 1;
}
