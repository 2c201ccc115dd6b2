#include <algorithm>
#include <map>

#include "operators/column_list.h"
#include "operators/join.h"

namespace weir {

Schema Join::output() const {
  if (gives_pairs()) return pairs;
  Schema schema = sides[0];
  if (kind == JoinKind::kMark) schema.add(mark, Type::boolean());
  return schema;
}

std::vector<bool> Join::columns_needed(size_t side, const std::vector<bool>& output_needed) const {
  std::vector<bool> of_pairs(columns.size(), false);
  std::vector<bool> needed(sides[side].size(), false);
  if (gives_pairs()) {
    of_pairs = output_needed;
  } else if (side == 0) {
    std::copy_n(output_needed.begin(), needed.size(), needed.begin());
  }
  of_pairs.resize(columns.size());
  if (where) where->collect_columns(of_pairs);
  for (size_t c = 0; c < columns.size(); ++c)
    if (of_pairs[c] && columns[c].side == side) needed[columns[c].index] = true;
  for (const size_t key : keys[side]) needed[key] = true;
  return needed;
}

std::vector<ColumnPtr> Join::key_columns(size_t side, const std::vector<ColumnPtr>& of) const {
  std::vector<ColumnPtr> found;
  for (const size_t key : keys[side]) found.push_back(of[key]);
  return found;
}

ColumnPtr gather_or_null(const Column& column, std::span<const uint32_t> rows) {
  const bool all =
      std::none_of(rows.begin(), rows.end(), [](uint32_t row) { return row == kNoRow; });
  if (all) return column.gather(rows);
  if (column.size() == 0 || column.type().is_nested()) {
    auto out = make_column(column.type());
    out->reserve(rows.size());
    for (const uint32_t row : rows) {
      if (row == kNoRow) {
        out->push_null();
      } else {
        out->push_from(column, row);
      }
    }
    return out;
  }
  Vec<uint32_t> places(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) places[i] = rows[i] == kNoRow ? 0 : rows[i];
  ColumnPtr out = column.gather({places.data(), places.size()});
  uint8_t* valid = out->make_valid();
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] != kNoRow) continue;
    valid[i] = 0;
    if (column.type().is_string_like()) out->values<StringRef>()[i] = StringRef();
  }
  return out;
}

void bind_join_keys(const Node& on, const Schema (&sides)[2], std::vector<size_t> (&keys)[2],
                    std::vector<Type>& types, Errors& errors) {
  const auto take = [&](const SourceText& left, const SourceText& right) {
    const size_t before = errors.size();
    const size_t l = resolve_column(left, sides[0], errors);
    const size_t r = resolve_column(right, sides[1], errors);
    if (errors.size() != before) return;
    const Type& type = sides[0][l].type;
    if (!(type == sides[1][r].type)) {
      errors.push_back({ErrorKind::kConfig,
                        "`" + left.text + "` is " + type.to_string() + " on the left and " +
                            sides[1][r].type.to_string() + " on the right",
                        right.position,
                        "CAST one of them before the join",
                        {}});
      return;
    }
    keys[0].push_back(l);
    keys[1].push_back(r);
    types.push_back(type);
  };
  if (on.kind == Node::Kind::kTable) {
    for (size_t i = 0; i < on.entries.size(); ++i)
      take({on.entries[i].first, on.key_positions[i]}, on.entries[i].second.source_text());
  } else if (on.kind == Node::Kind::kArray) {
    for (const auto& item : on.items) take(item.source_text(), item.source_text());
  } else {
    take(on.source_text(), on.source_text());
  }
}

namespace {

class JoinBinder {
 public:
  JoinBinder(const ComponentSpec& spec, const JoinOptions& options, const BindContext& context,
             Errors& errors)
      : spec_(spec), options_(options), context_(context), errors_(errors) {}

  Join bind() {
    const size_t before = errors_.size();
    if (context_.inputs.size() != 2) {
      complain("inputs", "a join needs two inputs, found " + std::to_string(context_.inputs.size()),
               "inputs = [\"LEFT\", \"RIGHT\"]");
      return std::move(join_);
    }
    static const std::map<std::string, JoinKind> kinds = {
        {"inner", JoinKind::kInner}, {"left", JoinKind::kLeft}, {"right", JoinKind::kRight},
        {"full", JoinKind::kFull},   {"semi", JoinKind::kSemi}, {"anti", JoinKind::kAnti},
        {"mark", JoinKind::kMark}};
    join_.kind = kinds.at(options_.join);
    join_.null_aware = options_.null_aware;
    for (size_t side = 0; side < 2; ++side) join_.sides[side] = context_.inputs[side].schema;
    if (spec_.options.find("on") != nullptr)
      bind_join_keys(options_.on, join_.sides, join_.keys, join_.key_types, errors_);
    bind_columns();
    bind_mark();
    if (join_.null_aware && join_.kind != JoinKind::kAnti && join_.kind != JoinKind::kMark)
      complain("null_aware", "only anti and mark joins can be null_aware");
    if (errors_.size() == before) bind_where();
    join_.text = options_.join + " join of `" + context_.inputs[0].name + "` and `" +
                 context_.inputs[1].name + "`";
    for (size_t k = 0; k < join_.keys[0].size(); ++k) {
      const std::string& left = join_.sides[0][join_.keys[0][k]].name;
      const std::string& right = join_.sides[1][join_.keys[1][k]].name;
      join_.text += (k == 0 ? " on " : ", ") + left + (left == right ? "" : " = " + right);
    }
    if (options_.where) join_.text += ", where " + options_.where->text;
    return std::move(join_);
  }

 private:
  void complain(const char* key, std::string message, std::string hint = {}) {
    const Node* node = spec_.options.find(key);
    errors_.push_back({ErrorKind::kConfig,
                       std::move(message),
                       node != nullptr ? node->position : spec_.position,
                       std::move(hint),
                       {}});
  }

  // All of the left, then all of the right; a key with one name on both sides comes once.
  void bind_columns() {
    for (size_t c = 0; c < join_.sides[0].size(); ++c) {
      join_.columns.push_back({0, c, SIZE_MAX});
      join_.pairs.add(join_.sides[0][c].name, join_.sides[0][c].type);
    }
    for (size_t c = 0; c < join_.sides[1].size(); ++c) {
      const ColumnSpec& column = join_.sides[1][c];
      const auto left = join_.sides[0].find(column.name);
      if (!left) {
        join_.columns.push_back({1, c, SIZE_MAX});
        join_.pairs.add(column.name, column.type);
      } else if (is_key(*left, c)) {
        join_.columns[*left].right_index = c;
      } else if (join_.gives_pairs() || options_.where) {
        complain("inputs", "both inputs have a column `" + column.name + "`",
                 "rename one of them before the join: op = \"rename\"");
      } else {
        join_.columns.push_back({1, c, SIZE_MAX});  // nobody sees it
        join_.pairs.add(column.name, column.type);
      }
    }
  }
  bool is_key(size_t left, size_t right) const {
    for (size_t k = 0; k < join_.keys[0].size(); ++k)
      if (join_.keys[0][k] == left && join_.keys[1][k] == right) return true;
    return false;
  }

  void bind_mark() {
    join_.mark = options_.as;
    if (join_.kind != JoinKind::kMark) {
      if (!options_.as.empty()) complain("as", "only a mark join has `as`");
    } else if (options_.as.empty()) {
      complain("as", "a mark join needs `as`, the name of its column");
    } else if (join_.sides[0].find(options_.as)) {
      complain("as", "there is a column `" + options_.as + "` already");
    }
  }

  void bind_where() {
    if (!options_.where) return;
    auto where = bind_predicate(*options_.where, join_.pairs, context_.zone);
    if (where) {
      join_.where = std::move(*where);
    } else {
      errors_.push_back(where.error());
    }
  }

  const ComponentSpec& spec_;
  const JoinOptions& options_;
  const BindContext& context_;
  Errors& errors_;
  Join join_;
};

}  // namespace

Join bind_join(const ComponentSpec& spec, const JoinOptions& options, const BindContext& context,
               Errors& errors) {
  return JoinBinder(spec, options, context, errors).bind();
}

}  // namespace weir
