#include "sources/lost_record.h"

namespace weir {

void refuse_lost_record(SourceItem& item, const Schema& schema) {
  Batch batch;
  for (const auto& column : schema) batch.columns.push_back(make_column(column.type));
  batch.records = 1;
  batch.sequence = item.block.sequence;
  batch.origin = item.block.origin;
  batch.first_line = item.block.first_line;
  Reject reject;
  reject.offset = item.block.origin.begin;
  reject.reason = item.error->message;
  if (!item.error->hint.empty()) reject.reason += "; " + item.error->hint;
  batch.rejects.push_back(std::move(reject));
  item.batch = std::move(batch);
  item.error.reset();
}

}  // namespace weir
