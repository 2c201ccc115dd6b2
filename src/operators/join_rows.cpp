#include "operators/join_rows.h"

#include "operators/join_probe.h"

namespace weir {

void put_joined(const Join& join, const std::string* left, const std::string* right,
                RowWriter& writer) {
  const std::string* bytes[2] = {left, right};
  std::vector<ColumnPtr> values[2];
  for (size_t side = 0; side < 2; ++side) {
    if (bytes[side] == nullptr) continue;
    for (const auto& column : join.sides[side]) values[side].push_back(make_column(column.type));
    const bool ok = decode_row(*bytes[side], values[side], writer.arena());
    WEIR_CHECK(ok);
  }
  for (const JoinColumn& column : join.columns) {
    size_t side = column.side;
    size_t index = column.index;
    if (left == nullptr && column.right_index != SIZE_MAX) {
      side = 1;
      index = column.right_index;
    }
    if (bytes[side] == nullptr) {
      writer.next_column().push_null();
    } else {
      writer.next_column().push_from(*values[side][index], 0);
    }
  }
}

std::optional<std::string> pick_partners(const Join& join, PairCondition& condition, size_t side,
                                         const Batch& batch, size_t row,
                                         std::span<const std::string_view> others,
                                         Vec<uint32_t>& picked) {
  picked.clear();
  Vec<uint32_t> each(others.size());
  for (size_t k = 0; k < each.size(); ++k) each[k] = static_cast<uint32_t>(k);
  if (!join.where || others.empty()) {
    picked = each;
    return std::nullopt;
  }
  const Batch decoded = rows_to_batch(join.sides[1 - side], others);
  const Vec<uint32_t> same(others.size(), static_cast<uint32_t>(row));
  const std::span<const uint32_t> own(same.data(), same.size());
  const std::span<const uint32_t> other(each.data(), each.size());
  if (side == 0) {
    condition.pick(batch.columns, own, decoded.columns, other, picked);
  } else {
    condition.pick(decoded.columns, other, batch.columns, own, picked);
  }
  if (!condition.failed().empty()) return condition.failed()[0].reason;
  return std::nullopt;
}

}  // namespace weir
