// Expressions: any text parses or is refused with a place inside it; what parses prints to SQL that parses to
// the same SQL again; what binds evaluates on a small batch, and on its halves to the same values.
#include "data/text.h"
#include "expr/binder.h"
#include "expr/parser.h"
#include "fuzz.h"

using namespace weir;

namespace {

const Schema& schema() {
  static const Schema s({{"a", Type::bigint()},
                         {"b", Type::string()},
                         {"c", Type::float64()},
                         {"d", Type::boolean()},
                         {"e", Type::timestamp(3)},
                         {"f", Type::array(Type::string())}});
  return s;
}

Batch make_batch() {
  Batch batch;
  for (const auto& c : schema()) batch.columns.push_back(make_column(c.type));
  static const char* kTexts[] = {"", "abc", "12", "a,b", "2024-01-31"};
  for (int i = 0; i < 6; ++i) {
    if (i == 3) {
      for (auto& c : batch.columns) c->push_null();
      continue;
    }
    batch.columns[0]->push<int64_t>(i - 2);
    batch.columns[1]->push<StringRef>(StringRef(std::string_view(kTexts[i % 5])));
    batch.columns[2]->push<double>(i * 1.5 - 2);
    batch.columns[3]->push<uint8_t>(i % 2 == 0);
    batch.columns[4]->push<int64_t>(int64_t{1706695200000000} + i * 1000);
    batch.columns[5]->child(0).push<StringRef>(StringRef(std::string_view("x")));
    batch.columns[5]->push<ListRef>(
        {static_cast<uint32_t>(batch.columns[5]->child(0).size() - 1), 1});
  }
  batch.rows = 6;
  return batch;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 2000) return 0;
  const SourceText text{std::string(as_text(data, size))};
  const auto ast = parse_expression(text);
  if (!ast) {
    require(!ast.error().message.empty(), "an error has a message");
    return 0;
  }
  const std::string sql = to_sql(**ast);
  const auto again = parse_expression(SourceText{sql});
  require(again.has_value(), "printed SQL parses");
  require(to_sql(**again) == sql, "printed SQL is stable");

  BindScope scope;
  scope.schema = &schema();
  scope.text = &text;
  const auto bound = bind(**ast, scope);
  if (!bound || !(*bound)->is_deterministic()) return 0;
  Batch whole = make_batch();
  EvalContext context;
  context.arena = &whole.arena();
  const ColumnPtr all = (*bound)->eval(whole, context);
  require(all->size() == 6, "a value for every row");
  const bool failed = !context.errors.empty();
  for (size_t from = 0; from < 6 && !failed; from += 3) {
    Batch half = make_batch();
    const uint32_t rows[] = {static_cast<uint32_t>(from), static_cast<uint32_t>(from + 1),
                             static_cast<uint32_t>(from + 2)};
    half.select(rows);
    EvalContext half_context;
    half_context.arena = &half.arena();
    const ColumnPtr part = (*bound)->eval(half, half_context);
    require(half_context.errors.empty(), "halves fail where the whole does");
    for (size_t i = 0; i < 3; ++i) {
      require(part->is_null(i) == all->is_null(from + i), "NULL in the half as in the whole");
      if (!part->is_null(i) && part->type().id != TypeId::kNull)
        require(text_at(*part, i) == text_at(*all, from + i), "the half's value is the whole's");
    }
  }
  return 0;
}
