#include "expr/aggregates/aggregate_list.h"
#include "expr/aggregates/placed_texts.h"

namespace weir {

namespace {

class Listagg final : public TextCollector<Listagg> {
 public:
  explicit Listagg(std::string separator)
      : TextCollector(Type::string()), separator_(std::move(separator)) {}

  void update(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
              const Batch& batch, EvalContext&) const override {
    const Column& column = *args[0];
    for (size_t i = 0; i < n; ++i) {
      if (column.is_null(i)) continue;
      texts_at(slots, groups, i).add(batch.ordinal(i), column.at<StringRef>(i).view());
    }
  }
  void finish_texts(const PlacedTexts* texts, Column& out, Arena& arena) const {
    if (texts == nullptr) {
      out.push_null();
      return;
    }
    const size_t total = texts->bytes.size() + (texts->items.size() - 1) * separator_.size();
    char* const begin = arena.allocate(total);
    char* p = begin;
    const auto put = [&p](std::string_view text) {
      if (!text.empty()) std::memcpy(p, text.data(), text.size());
      p += text.size();
    };
    for (size_t k = 0; k < texts->items.size(); ++k) {
      if (k > 0) put(separator_);
      put(texts->text(texts->items[k]));
    }
    out.push<StringRef>(StringRef(begin, total));
  }

 private:
  std::string separator_;
};

Result<AggregatePtr> bind_listagg(std::span<const ExprPtr> args) {
  if (args.empty() || args.size() > 2 || !args[0]->type().is_text())
    return wrong_arguments("LISTAGG", "a STRING and perhaps a separator", kListagg.signature);
  std::string separator = ",";
  if (args.size() == 2) {
    const Value* literal = args[1]->as_literal();
    if (literal == nullptr || literal->is_null || !literal->type.is_text())
      return wrong_arguments("LISTAGG", "a constant STRING as the separator", kListagg.signature);
    separator = literal->text;
  }
  return std::make_shared<Listagg>(std::move(separator));
}

}  // namespace

const AggregateDescriptor kListagg = {
    "LISTAGG",
    "LISTAGG(s STRING[, separator STRING]) -> STRING",
    "Joins the strings that are not NULL in input order, a comma between them unless told "
    "otherwise.",
    "LISTAGG(s, '-') over 'a', NULL, 'b' -> a-b",
    bind_listagg,
};

}  // namespace weir
