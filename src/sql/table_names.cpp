#include "sql/table_names.h"

#include <algorithm>

#include "sql/trees.h"

namespace weir::sql {

namespace {

class TableNames {
 public:
  std::vector<TableRead> take() { return std::move(found_); }

  void query(const Query& query) {
    const size_t outside = with_.size();
    for (const auto& item : query.with) {
      this->query(*item.query);
      with_.push_back(item.name.text);
    }
    body(query.body);
    for (const auto& item : query.order_by) expression(item.expression);
    with_.resize(outside);
  }

 private:
  void body(const QueryBody& body) {
    if (const auto* select = std::get_if<Select>(&body.what)) {
      for (const auto& item : select->items) expression(item.expression);
      for (const auto& item : select->from) from(item);
      expression(select->where);
      expression(select->having);
      for (const auto& element : select->group_by) grouping(element);
    } else if (const auto* values = std::get_if<Values>(&body.what)) {
      for (const auto& row : values->rows)
        for (const auto& value : row) expression(value);
    } else if (const auto* operation = std::get_if<SetOperation>(&body.what)) {
      for (const auto& input : operation->inputs) this->body(input);
    } else {
      query(*std::get<Branch<Query>>(body.what));
    }
  }

  void grouping(const GroupingElement& element) {
    for (const auto& e : element.expressions) expression(e);
    for (const auto& item : element.items) grouping(item);
  }

  void from(const FromItem& item) {
    source(item.first);
    for (const auto& join : item.joins) {
      source(join.right);
      expression(join.on);
    }
  }

  void source(const Source& source) {
    if (const auto* t = std::get_if<TableSource>(&source.what)) {
      table(t->name, hinted_options(t->hints));
    } else if (const auto* q = std::get_if<SubquerySource>(&source.what)) {
      query(*q->query);
    } else if (const auto* j = std::get_if<JoinedSource>(&source.what)) {
      from(*j->item);
    } else if (const auto* u = std::get_if<UnnestSource>(&source.what)) {
      expression(u->collection);
    } else if (const auto* f = std::get_if<FunctionSource>(&source.what)) {
      for (const auto& argument : f->arguments) {
        const auto* input = std::get_if<TableInput>(&argument.value);
        if (input == nullptr) continue;
        if (input->query) {
          query(*input->query);
        } else {
          table(input->name, {});
        }
      }
    }
  }

  void expression(const Expression& expression) {
    if (!expression) return;
    walk(*expression, [&](const Ast& part) {
      if (part.kind == AstKind::kSubquery) query(query_of(part));
      return true;
    });
  }

  void table(const TableName& name, std::vector<Option> options) {
    if (name.path.empty()) return;
    TableRead read{name, std::move(options)};
    const bool known = (!name.file && name.path.size() == 1 &&
                        std::find(with_.begin(), with_.end(), name.path[0]) != with_.end()) ||
                       std::find(found_.begin(), found_.end(), read) != found_.end();
    if (!known) found_.push_back(std::move(read));
  }

  std::vector<std::string> with_;
  std::vector<TableRead> found_;
};

}  // namespace

std::vector<TableRead> tables_read(const Query& query) {
  TableNames names;
  names.query(query);
  return names.take();
}

std::vector<Option> hinted_options(const std::vector<Hint>& hints) {
  std::vector<Option> options;
  for (const auto& hint : hints) {
    if (hint.name.text != "OPTIONS") continue;
    for (const auto& argument : hint.arguments)
      if (argument.value) options.push_back({argument.key, {*argument.value, argument.key.place}});
  }
  return options;
}

std::string source_name(const TableName& name, const std::vector<Option>& options) {
  std::string text = name.file ? dotted(name) : name.path.back();
  for (const auto& option : options) text += ", " + option.key.text + " = " + option.value.text;
  return text;
}

std::string dotted(const TableName& name) {
  std::string text;
  for (const auto& part : name.path) text += (text.empty() ? "" : ".") + part;
  return text;
}

}  // namespace weir::sql
