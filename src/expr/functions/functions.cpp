// The one list of scalar functions: each family has a line here.
#include <algorithm>

#include "expr/function.h"

namespace weir {

namespace {

struct Family {
  std::string_view name;
  FunctionList (*functions)();
};
constexpr Family kFamilies[] = {
    {"string", string_functions},         {"regex", regex_functions},
    {"numeric", numeric_functions},       {"conditional", conditional_functions},
    {"temporal", temporal_functions},     {"json", json_functions},
    {"collection", collection_functions}, {"hash", hash_functions},
};

FunctionList join() {
  FunctionList all;
  for (const auto& family : kFamilies) {
    for (auto& f : family.functions()) {
      f.family = family.name;
      all.push_back(std::move(f));
    }
  }
  // Overloads keep the order of their family: the first of equally good ones is taken.
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.name < b.name; });
  return all;
}

struct ByName {
  bool operator()(const FunctionDescriptor& f, std::string_view name) const {
    return f.name < name;
  }
  bool operator()(std::string_view name, const FunctionDescriptor& f) const {
    return name < f.name;
  }
};

}  // namespace

const FunctionList& scalar_functions() {
  static const FunctionList list = join();
  return list;
}

std::span<const FunctionDescriptor> find_function(std::string_view upper_case_name) {
  const FunctionList& list = scalar_functions();
  const auto [begin, end] = std::equal_range(list.begin(), list.end(), upper_case_name, ByName());
  return {begin, end};
}

}  // namespace weir
