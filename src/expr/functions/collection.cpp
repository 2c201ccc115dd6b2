// The collection family: its parts in one list, and what they share.
#include <algorithm>
#include <iterator>

#include "data/value.h"
#include "expr/coercion.h"
#include "expr/functions/arguments.h"
#include "expr/functions/collection_families.h"

namespace weir {

Result<Type> element_argument(std::string_view function, std::span<const ExprPtr> args, size_t i) {
  const Type& type = args[i]->type();
  if (type.id == TypeId::kArray) return type.element();
  if (type.id == TypeId::kNull) return Type::null();
  return fail(ErrorKind::kConfig, "argument " + std::to_string(i + 1) + " of " +
                                      std::string(function) + " must be an ARRAY, not " +
                                      type.to_string());
}

Result<Type> element_and_value(std::string_view function, std::span<const ExprPtr> args) {
  auto element = element_argument(function, args, 0);
  if (!element) return element;
  if (auto type = common_type(*element, args[1]->type())) return *type;
  return fail(ErrorKind::kConfig, std::string(function) + ": an ARRAY of " + element->to_string() +
                                      " and a " + args[1]->type().to_string() +
                                      " do not go together");
}

Result<Type> common_elements(std::string_view function, std::span<const ExprPtr> args) {
  Type common;
  for (size_t i = 0; i < args.size(); ++i) {
    auto element = element_argument(function, args, i);
    if (!element) return element;
    auto type = common_type(common, *element);
    if (!type) {
      return fail(ErrorKind::kConfig, std::string(function) + ": arrays of " + common.to_string() +
                                          " and of " + element->to_string() +
                                          " do not go together");
    }
    common = *type;
  }
  return common;
}

size_t ElementSet::lower_bound(const Column& column, uint32_t i) const {
  const auto at =
      std::lower_bound(sorted_.begin(), sorted_.end(), i, [&](const Element& e, uint32_t j) {
        return compare_rows(*e.column, e.index, column, j) < 0;
      });
  return static_cast<size_t>(at - sorted_.begin());
}

bool ElementSet::is_at(size_t place, const Column& column, uint32_t i) const {
  return place < sorted_.size() &&
         compare_rows(*sorted_[place].column, sorted_[place].index, column, i) == 0;
}

bool ElementSet::insert(const Column& column, uint32_t i) {
  const size_t at = lower_bound(column, i);
  if (is_at(at, column, i)) return false;
  sorted_.insert(sorted_.begin() + static_cast<std::ptrdiff_t>(at), {&column, i});
  return true;
}

bool ElementSet::contains(const Column& column, uint32_t i) const {
  return is_at(lower_bound(column, i), column, i);
}

FunctionList collection_functions() {
  FunctionList all;
  const auto add = [&all](FunctionList part) {
    all.insert(all.end(), std::make_move_iterator(part.begin()),
               std::make_move_iterator(part.end()));
  };
  add(collection_search_functions());
  add(collection_edit_functions());
  add(collection_set_functions());
  add(collection_map_functions());
  for (FunctionDescriptor& d : all) d.family = "collection";
  return all;
}

}  // namespace weir
