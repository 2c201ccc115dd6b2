// Gives every record its event time and notes how far time has come: the step behind a source with
// [source.event_time].
//
// Per row: Batch::event_time, and Batch::running_max, the largest event time of the block before it. Both
// are taken here, before any filter, because a record that a filter drops still moves the watermark. A
// record moves the watermark only after it has been processed itself: a session that ends exactly at its
// time still takes it in.
// A record without an event time (NULL, unreadable, too far in the future) is rejected.
#pragma once

#include <memory>

#include "config/spec.h"
#include "operators/operator.h"

namespace weir {

// Problems go to `errors`; nullptr then. The column may be any expression of the source's columns
// that gives a TIMESTAMP, or a text or number with a `format`.
std::unique_ptr<OperatorPlan> bind_event_time(const EventTimeSpec& spec, const Schema& input,
                                              const BindContext& context, Errors& errors);

}  // namespace weir
