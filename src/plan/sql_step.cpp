#include "plan/sql_step.h"

#include <algorithm>

#include "expr/lexer.h"

namespace weir {

namespace {

struct SqlOptions {
  SourceText query;
  std::vector<std::string> columns;
  std::vector<SourceText> types;
  std::vector<std::string> written;
};

const OptionTable<SqlOptions>& sql_options() {
  static const OptionTable<SqlOptions> table = {
      {"query", &SqlOptions::query,
       "a query: SELECT ... FROM input ..., where `input` is what the step reads, and sources and "
       "earlier steps are tables by their names",
       true},
      {"columns", &SqlOptions::columns, "names for the columns of the result, by position"},
      {"types", &SqlOptions::types,
       "their types: values are brought to them where none can be lost, as INSERT INTO does"},
      {"written", &SqlOptions::written,
       "which of `columns` the query gives, in its order; the others are NULL"},
  };
  return table;
}

std::unique_ptr<OperatorPlan> bind_nothing(const ComponentSpec& spec, const Schema&,
                                           const BindContext&, Errors& errors) {
  errors.push_back({ErrorKind::kInternal, "a query is not one step", spec.position, {}, {}});
  return nullptr;
}

std::vector<Token> tokens_of(const ComponentSpec& spec) {
  const Node* query = spec.options.find("query");
  if (query == nullptr || query->kind != Node::Kind::kString) return {};
  return tokenize_script(SourceText(query->text)).tokens;
}

}  // namespace

const OperatorDescriptor kSqlStep = {
    kSqlStepName,
    "A SQL query over the input, and over sources and earlier steps by their names.",
    [] { return option_docs(sql_options()); },
    bind_nothing,
    Arity::kMany,
    true,
};

SourceText read_query(const ComponentSpec& spec, sql::ResultColumns& columns, Errors& errors) {
  SqlOptions options;
  const size_t before = errors.size();
  read_options(sql_options(), spec.options, options, errors, "the sql operator", {"op"});
  columns.names = options.columns;
  columns.written = options.written;
  for (const auto& text : options.types) {
    auto type = parse_type(text.text);
    if (!type) {
      Error error = type.error();
      error.position = text.at(0, text.text.size());
      errors.push_back(std::move(error));
    } else {
      columns.types.push_back(std::move(*type));
    }
  }
  const Node* types = spec.options.find("types");
  if (types != nullptr && options.types.size() != options.columns.size())
    errors.push_back(
        {ErrorKind::kConfig, "`types` has as many items as `columns`", types->position, {}, {}});
  return errors.size() > before ? SourceText() : options.query;
}

bool query_asks_for_time(const ComponentSpec& spec, bool streaming) {
  if (streaming) return true;
  constexpr std::string_view kWords[] = {"TUMBLE",  "HOP",         "CUMULATE",
                                         "SESSION", "SYSTEM_TIME", "MATCH_RECOGNIZE"};
  const auto tokens = tokens_of(spec);
  return std::any_of(tokens.begin(), tokens.end(), [&](const Token& token) {
    return token.kind == TokenKind::kWord &&
           std::find(std::begin(kWords), std::end(kWords), token.upper) != std::end(kWords);
  });
}

bool query_names(const ComponentSpec& spec, std::string_view table) {
  const auto tokens = tokens_of(spec);
  return std::any_of(tokens.begin(), tokens.end(), [&](const Token& token) {
    return (token.kind == TokenKind::kWord || token.kind == TokenKind::kQuoted) &&
           token.text == table;
  });
}

}  // namespace weir
