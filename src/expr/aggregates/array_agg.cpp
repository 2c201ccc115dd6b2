#include "expr/aggregates/aggregate_list.h"
#include "expr/aggregates/clauses.h"
#include "expr/aggregates/placed_texts.h"
#include "expr/aggregates/row_codec.h"

namespace weir {

namespace {

class ArrayAgg final : public TextCollector<ArrayAgg> {
 public:
  ArrayAgg(const Type& element, bool respect_nulls)
      : TextCollector(Type::array(element)), respect_nulls_(respect_nulls) {}

  void update(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
              const Batch& batch, EvalContext&) const override {
    std::string encoded;
    for (size_t i = 0; i < n; ++i) {
      if (!respect_nulls_ && args[0]->is_null(i)) continue;
      encoded.clear();
      encode_value(*args[0], i, encoded);
      texts_at(slots, groups, i).add(batch.ordinal(i), encoded);
    }
  }
  void finish_texts(const PlacedTexts* texts, Column& out, Arena& arena) const {
    if (texts == nullptr) {
      out.push_null();
      return;
    }
    const ListRef list{static_cast<uint32_t>(out.child(0).size()),
                       static_cast<uint32_t>(texts->items.size())};
    for (const auto& item : texts->items) {
      std::string_view bytes = texts->text(item);
      decode_value(bytes, out.child(0), arena);
    }
    out.push<ListRef>(list);
  }

 private:
  bool respect_nulls_;
};

Result<AggregatePtr> bind_array_agg(std::span<const ExprPtr> args,
                                    std::span<const std::string> words) {
  if (args.size() != 1) return wrong_arguments("ARRAY_AGG", "one argument", kArrayAgg.signature);
  const auto respect_nulls = read_nulls_clause("ARRAY_AGG", words, true);
  if (!respect_nulls) return fail(respect_nulls.error());
  return std::make_shared<ArrayAgg>(args[0]->type(), *respect_nulls);
}

}  // namespace

const AggregateDescriptor kArrayAgg = {
    "ARRAY_AGG",
    "ARRAY_AGG(x [{IGNORE | RESPECT} NULLS]) -> ARRAY of the type of x",
    "Collects all values, NULLs too unless IGNORE NULLS, in input order; NULL when there are none.",
    "ARRAY_AGG(x) over 2, NULL, 1 -> [2, NULL, 1]",
    nullptr,
    bind_array_agg,
};

}  // namespace weir
