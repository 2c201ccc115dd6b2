// Maps: MAP_KEYS, MAP_VALUES, MAP_ENTRIES, MAP_UNION, MAP_FROM_ARRAYS. Of equal keys the last one counts.
#include "data/value.h"
#include "expr/coercion.h"
#include "expr/functions/arguments.h"
#include "expr/functions/collection_families.h"

namespace weir {
namespace {

using Columns = std::span<const ColumnPtr>;

Result<Type> map_argument(std::string_view function, std::span<const ExprPtr> args, size_t i) {
  const Type& type = args[i]->type();
  if (type.id == TypeId::kMap) return type;
  if (type.id == TypeId::kNull) return Type::map(Type::null(), Type::null());
  return fail(ErrorKind::kConfig, "argument " + std::to_string(i + 1) + " of " +
                                      std::string(function) + " must be a MAP, not " +
                                      type.to_string());
}

// MAP_KEYS (child 0) and MAP_VALUES (child 1): the same lists over one of the children.
BindFunction bind_map_part(std::string_view name, size_t child) {
  return [name, child](std::span<const ExprPtr> args) -> Result<BoundCall> {
    if (auto ok = check_count(name, args, 1, 1); !ok) return fail(ok.error());
    auto map = map_argument(name, args, 0);
    if (!map) return fail(std::move(map.error()));
    BoundCall call;
    call.parameters = {*map};
    call.result = Type::array(child == 0 ? map->map_key() : map->map_value());
    call.kernel = [type = call.result, child](Columns in, size_t rows, EvalContext& context) {
      auto out = map_rows<ListRef>(type, in, rows, context,
                                   [&](size_t i) { return in[0]->at<ListRef>(i); });
      out->children()[0] = in[0]->children()[child];
      return out;
    };
    return call;
  };
}

Result<BoundCall> bind_entries(std::span<const ExprPtr> args) {
  if (auto ok = check_count("MAP_ENTRIES", args, 1, 1); !ok) return fail(ok.error());
  auto map = map_argument("MAP_ENTRIES", args, 0);
  if (!map) return fail(std::move(map.error()));
  BoundCall call;
  call.parameters = {*map};
  call.result = Type::array(Type::row({{"key", map->map_key()}, {"value", map->map_value()}}));
  call.kernel = [type = call.result](Columns in, size_t rows, EvalContext& context) {
    auto out =
        map_rows<ListRef>(type, in, rows, context, [&](size_t i) { return in[0]->at<ListRef>(i); });
    // The entries are rows over the map's own keys and values.
    auto entries = make_column(type.element());
    entries->resize(in[0]->child(0).size());
    entries->children() = in[0]->children();
    out->children()[0] = std::move(entries);
    return out;
  };
  return call;
}

// Appends an entry to the map that began at `begin`, in place of one with the same key.
class EntryWriter {
 public:
  explicit EntryWriter(Column& out) : out_(out), begin_(out.child(0).size()) {}

  void add(const Column& keys, size_t key, const Column& values, size_t value) {
    if (seen_.insert(keys, static_cast<uint32_t>(key))) {
      out_.child(0).push_from(keys, key);
      places_.push_back({&values, value});
      return;
    }
    for (size_t k = begin_; k < out_.child(0).size(); ++k) {
      if (compare_rows(out_.child(0), k, keys, key) == 0) places_[k - begin_] = {&values, value};
    }
  }
  void finish() {
    for (const auto& [column, i] : places_) out_.child(1).push_from(*column, i);
  }

 private:
  Column& out_;
  size_t begin_;
  ElementSet seen_;
  std::vector<std::pair<const Column*, size_t>> places_;  // of the values
};

Result<BoundCall> bind_map_union(std::span<const ExprPtr> args) {
  if (auto ok = check_count("MAP_UNION", args, 1, -1); !ok) return fail(ok.error());
  Type type;
  for (size_t i = 0; i < args.size(); ++i) {
    auto map = map_argument("MAP_UNION", args, i);
    if (!map) return fail(std::move(map.error()));
    auto common = common_type(type, *map);
    if (!common) {
      return fail(ErrorKind::kConfig, "MAP_UNION: " + type.to_string() + " and " +
                                          map->to_string() + " do not go together");
    }
    type = *common;
  }
  BoundCall call;
  call.parameters.assign(args.size(), type);
  call.result = type;
  call.kernel = [type](Columns in, size_t rows, EvalContext& context) {
    return push_lists(type, in, in.size(), rows, context, [&](size_t i, Column& out) {
      EntryWriter writer(out);
      for (const ColumnPtr& map : in) {
        const ListRef list = map->at<ListRef>(i);
        for (uint32_t k = list.offset; k < list.offset + list.len; ++k) {
          writer.add(map->child(0), k, map->child(1), k);
        }
      }
      writer.finish();
    });
  };
  return call;
}

Result<BoundCall> bind_from_arrays(std::span<const ExprPtr> args) {
  if (auto ok = check_count("MAP_FROM_ARRAYS", args, 2, 2); !ok) return fail(ok.error());
  auto key = element_argument("MAP_FROM_ARRAYS", args, 0);
  if (!key) return fail(std::move(key.error()));
  auto value = element_argument("MAP_FROM_ARRAYS", args, 1);
  if (!value) return fail(std::move(value.error()));
  BoundCall call;
  call.parameters = {Type::array(*key), Type::array(*value)};
  call.result = Type::map(*key, *value);
  call.can_fail = true;
  call.kernel = [type = call.result](Columns in, size_t rows, EvalContext& context) {
    return push_lists(type, in, 2, rows, context, [&](size_t i, Column& out) {
      const ListRef keys = in[0]->at<ListRef>(i);
      const ListRef values = in[1]->at<ListRef>(i);
      if (keys.len != values.len) {
        fail_row(context, "MAP_FROM_ARRAYS with " + std::to_string(keys.len) + " keys and " +
                              std::to_string(values.len) + " values");
        return;
      }
      EntryWriter writer(out);
      for (uint32_t k = 0; k < keys.len; ++k) {
        writer.add(in[0]->child(0), keys.offset + k, in[1]->child(0), values.offset + k);
      }
      writer.finish();
    });
  };
  return call;
}

}  // namespace

FunctionList collection_map_functions() {
  FunctionList list;
  list.push_back(polymorphic("MAP_KEYS", "MAP_KEYS(m MAP) -> ARRAY", "Gives the keys of a map.",
                             "MAP_KEYS(MAP['a', 1, 'b', 2])", "[a, b]",
                             bind_map_part("MAP_KEYS", 0)));
  list.push_back(polymorphic("MAP_VALUES", "MAP_VALUES(m MAP) -> ARRAY",
                             "Gives the values of a map.", "MAP_VALUES(MAP['a', 1, 'b', 2])",
                             "[1, 2]", bind_map_part("MAP_VALUES", 1)));
  list.push_back(polymorphic("MAP_ENTRIES", "MAP_ENTRIES(m MAP) -> ARRAY<ROW<key, value>>",
                             "Gives the entries of a map as rows.",
                             "MAP_ENTRIES(MAP['a', 1, 'b', 2])", "[(a, 1), (b, 2)]", bind_entries));
  list.push_back(polymorphic("MAP_UNION", "MAP_UNION(m MAP, ...) -> MAP",
                             "Joins maps; of equal keys the last map's value counts.",
                             "MAP_UNION(MAP['a', 1, 'b', 2], MAP['b', 3])", "{a=1, b=3}",
                             bind_map_union));
  list.push_back(
      polymorphic("MAP_FROM_ARRAYS", "MAP_FROM_ARRAYS(keys ARRAY, values ARRAY) -> MAP",
                  "Makes a map of keys and values of equal number; another number is an error.",
                  "MAP_FROM_ARRAYS(ARRAY['a', 'b'], ARRAY[1, 2])", "{a=1, b=2}", bind_from_arrays));
  return list;
}

}  // namespace weir
