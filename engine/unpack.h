/* native.unpack of host.d.ts. */
#include "quickjs.h"

extern JSClassID unpacking_class;
void add_unpacking(JSContext *ctx);
JSValue native_unpack(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv);
