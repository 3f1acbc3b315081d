/* Rejections that nobody has handled yet. */
#include "quickjs.h"

/* How many are kept: of more at the same time, the later ones are not told. */
#define MAX_REJECTIONS 256

struct rejections {
    size_t count;
    struct { JSValue promise, reason; } list[MAX_REJECTIONS];
};

/* For JS_SetHostPromiseRejectionTracker, with a `struct rejections`. */
void note_rejection(JSContext *ctx, JSValueConst promise, JSValueConst reason, bool handled, void *rejections);
/* Takes the last one out; returns 0 if the list is empty. */
int take_rejection(JSContext *ctx, struct rejections *rejections, JSValue *reason);
