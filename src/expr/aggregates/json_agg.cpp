#include <algorithm>
#include <map>

#include "expr/aggregates/aggregate_list.h"
#include "expr/aggregates/clauses.h"
#include "expr/aggregates/json_value.h"
#include "expr/aggregates/placed_texts.h"

namespace weir {

namespace {

// `raw`: a text is JSON already.
void append_value(std::string& json, const Column& column, size_t i, bool raw) {
  if (raw && !column.is_null(i))
    json += column.at<StringRef>(i).view();
  else
    append_json_value(json, column, i);
}

class JsonArrayagg final : public TextCollector<JsonArrayagg> {
 public:
  explicit JsonArrayagg(JsonClauses clauses) : TextCollector(Type::string()), clauses_(clauses) {}

  void update(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
              const Batch& batch, EvalContext&) const override {
    std::string json;
    for (size_t i = 0; i < n; ++i) {
      PlacedTexts& texts = texts_at(slots, groups, i);  // rows of NULL alone give [], not NULL
      if (!clauses_.keep_nulls && args[0]->is_null(i)) continue;
      json.clear();
      append_value(json, *args[0], i, clauses_.raw_value);
      texts.add(batch.ordinal(i), json);
    }
  }
  void finish_texts(const PlacedTexts* texts, Column& out, Arena& arena) const {
    if (texts == nullptr) {
      out.push_null();
      return;
    }
    std::string json = "[";
    for (const auto& item : texts->items) {
      if (json.size() > 1) json.push_back(',');
      json += texts->text(item);
    }
    json.push_back(']');
    out.push<StringRef>(StringRef(arena.copy(json)));
  }

 private:
  JsonClauses clauses_;
};

// Items are "key":value.
class JsonObjectagg final : public TextCollector<JsonObjectagg> {
 public:
  explicit JsonObjectagg(JsonClauses clauses) : TextCollector(Type::string()), clauses_(clauses) {}

  void update(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
              const Batch& batch, EvalContext&) const override {
    std::string json;
    for (size_t i = 0; i < n; ++i) {
      json.clear();
      if (args[0]->is_null(i)) {
        texts_at(slots, groups, i)
            .add(batch.ordinal(i), json);  // an empty text, which no member is
        continue;
      }
      PlacedTexts& texts = texts_at(slots, groups, i);  // members left out alone give {}, not NULL
      if (!clauses_.keep_nulls && args[1]->is_null(i)) continue;
      append_json_string(json, args[0]->at<StringRef>(i).view());
      json.push_back(':');
      append_value(json, *args[1], i, clauses_.raw_value);
      texts.add(batch.ordinal(i), json);
    }
  }
  void finish_state(const PlacedTextsState& s, Column& out, Arena& arena,
                    EvalContext& context) const {
    const bool null_key = s.texts != nullptr &&
                          std::any_of(s.texts->items.begin(), s.texts->items.end(),
                                      [](const PlacedTexts::Item& item) { return item.len == 0; });
    if (null_key) {
      context.row_error(out.size(), "a key of JSON_OBJECTAGG is NULL");
      out.push_null();
      return;
    }
    TextCollector::finish_state(s, out, arena, context);
  }
  // Keys in order of their bytes; of equal keys the last one.
  void finish_texts(const PlacedTexts* texts, Column& out, Arena& arena) const {
    if (texts == nullptr) {
      out.push_null();
      return;
    }
    std::map<std::string_view, std::string_view> members;
    for (const auto& item : texts->items) {
      const std::string_view member = texts->text(item);
      members[member.substr(0, key_length(member))] = member;
    }
    std::string json = "{";
    for (const auto& [key, member] : members) {
      if (json.size() > 1) json.push_back(',');
      json += member;
    }
    json.push_back('}');
    out.push<StringRef>(StringRef(arena.copy(json)));
  }

 private:
  // Length of the quoted string at the head.
  static size_t key_length(std::string_view member) {
    size_t i = 1;
    while (member[i] != '"') i += member[i] == '\\' ? 2 : 1;
    return i + 1;
  }

  JsonClauses clauses_;
};

Result<AggregatePtr> bind_json_arrayagg(std::span<const ExprPtr> args,
                                        std::span<const std::string> words) {
  if (args.size() != 1)
    return wrong_arguments("JSON_ARRAYAGG", "one argument", kJsonArrayagg.signature);
  const auto clauses = read_json_clauses("JSON_ARRAYAGG", words, false);
  if (!clauses) return fail(clauses.error());
  return std::make_shared<JsonArrayagg>(*clauses);
}

Result<AggregatePtr> bind_json_objectagg(std::span<const ExprPtr> args,
                                         std::span<const std::string> words) {
  if (args.size() != 2 || !args[0]->type().is_text())
    return wrong_arguments("JSON_OBJECTAGG", "a STRING and a value", kJsonObjectagg.signature);
  const auto clauses = read_json_clauses("JSON_OBJECTAGG", words, true);
  if (!clauses) return fail(clauses.error());
  return std::make_shared<JsonObjectagg>(*clauses);
}

}  // namespace

const AggregateDescriptor kJsonArrayagg = {
    "JSON_ARRAYAGG",
    "JSON_ARRAYAGG(x [{NULL | ABSENT} ON NULL]) -> STRING",
    "Collects the values into a JSON array, in input order; NULLs are left out unless NULL ON "
    "NULL.",
    "JSON_ARRAYAGG(x) over 2, NULL, 1 -> [2,1]",
    nullptr,
    bind_json_arrayagg,
};

const AggregateDescriptor kJsonObjectagg = {
    "JSON_OBJECTAGG",
    "JSON_OBJECTAGG([KEY] key STRING VALUE x [{NULL | ABSENT} ON NULL]) -> STRING",
    "Collects keys and values into a JSON object, keys in order; of equal keys the last one "
    "counts.",
    "JSON_OBJECTAGG(KEY k VALUE x) over ('b', 1), ('a', NULL) -> {\"a\":null,\"b\":1}",
    nullptr,
    bind_json_objectagg,
};

}  // namespace weir
