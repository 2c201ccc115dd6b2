#include "windows/value_expression.h"

#include "base/spelling.h"
#include "expr/binder.h"

namespace weir {

ExprPtr bind_value(const SourceText& text, const Schema& input, const TimeZone* zone,
                   Errors& errors) {
  auto bound = bind_text(text, input, zone);
  if (!bound) {
    errors.push_back(bound.error());
    return nullptr;
  }
  if (!(*bound)->type().is_numeric()) {
    errors.push_back(
        {ErrorKind::kConfig,
         "`" + text.text + "` is " + with_article((*bound)->type().to_string()) + ", not a number",
         text.at(0, text.text.size()),
         {},
         "[window]"});
    return nullptr;
  }
  auto value = cast_to(std::move(*bound), Type::float64());
  if (!value) {
    errors.push_back(value.error());
    return nullptr;
  }
  return std::move(*value);
}

}  // namespace weir
