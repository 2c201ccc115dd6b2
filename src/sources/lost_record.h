// A record of which only its place is known, because it was too long to be kept.
#pragma once

#include "sources/source.h"

namespace weir {

// Makes of the item's error a batch without rows and with one reject at the block's place. So it is a bad record as any
// other, and not the end of the run.
void refuse_lost_record(SourceItem& item, const Schema& schema);

}  // namespace weir
