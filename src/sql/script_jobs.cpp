#include "sql/script_jobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/spelling.h"
#include "config/merge.h"
#include "sql/catalog.h"
#include "sql/job_tree.h"
#include "sql/print.h"
#include "sql/tree_nodes.h"

namespace weir::sql {

namespace {

// Flink's names of settings, and which key of a pipeline each is. An empty key: it says nothing here.
struct Setting {
  std::string_view name;
  std::string_view key;
};
constexpr std::array<Setting, 10> kSettings = {{
    {"execution.runtime-mode", "mode"},
    {"parallelism.default", "runtime.parallelism"},
    {"table.exec.resource.default-parallelism", "runtime.parallelism"},
    {"table.local-time-zone", "timezone"},
    {"pipeline.name", "name"},
    {"execution.checkpointing.interval", "checkpoint.interval"},
    {"execution.checkpointing.dir", "checkpoint.dir"},
    {"state.checkpoints.dir", "checkpoint.dir"},
    {"sql-client.execution.result-mode", ""},
    {"table.dml-sync", ""},
}};

// 'abc%' against a name, letter case counts.
bool is_like(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '%')
    return is_like(text, pattern.substr(1)) || (!text.empty() && is_like(text.substr(1), pattern));
  return !text.empty() && (pattern[0] == '_' || pattern[0] == text[0]) &&
         is_like(text.substr(1), pattern.substr(1));
}

class JobMaker {
 public:
  JobMaker(const SourceText& text, const ScriptInput& input, Errors& errors)
      : text_(text), input_(input), errors_(errors), catalog_(text, errors) {}

  void operator()(const Query& query) {
    JobTree tree(catalog_, text_, input_, errors_);
    tree.add_query(query);
    run(tree, false);
  }
  void operator()(const Insert& insert) {
    JobTree tree(catalog_, text_, input_, errors_);
    tree.add_insert(insert, !written_.insert(Catalog::name_of(insert.table)).second);
    run(tree, true);
  }
  void operator()(const StatementSet& set) {
    JobTree tree(catalog_, text_, input_, errors_);
    for (const auto& insert : set.inserts)
      tree.add_insert(insert, !written_.insert(Catalog::name_of(insert.table)).second);
    run(tree, true);
  }
  void operator()(const CreateTable& create) {
    catalog_.create(create);
    if (!create.as) return;
    Insert insert;
    insert.table = create.name;
    insert.query = *create.as;
    (*this)(insert);
  }
  void operator()(const CreateView& create) { catalog_.create(create); }
  void operator()(const Drop& drop) { catalog_.drop(drop); }

  void operator()(const Explain& explain) {
    const size_t before = jobs_.size();
    const std::set<std::string> written = written_;
    std::visit([this](const auto& what) { (*this)(what); }, explain.what);
    written_ = written;
    for (size_t i = before; i < jobs_.size(); ++i) jobs_[i].kind = ScriptJob::Kind::kExplain;
  }

  void operator()(const SetOption& set) {
    if (set.key.empty()) {
      std::string out;
      for (const auto& [key, value] : set_) out += fmt::format("'{}' = '{}'\n", key, value);
      return show(std::move(out));
    }
    std::string key = set.key.text;
    if (key == "table.exec.state.ttl") {
      // 0 is Flink's default: no state expires.
      if (set.value.text.find_first_of("123456789") == std::string::npos) return;
      return catalog_.complain(
          set.key.place, "the state of joins and groups does not expire by 'table.exec.state.ttl'",
          "a window, or a join by time (b.ts BETWEEN a.ts - INTERVAL '1' HOUR AND a.ts) forgets "
          "what is over");
    }
    std::vector<std::string> names;
    for (const auto& setting : kSettings) names.emplace_back(setting.name);
    bool known = key.starts_with("weir.");
    if (known) key = key.substr(5);
    for (const auto& setting : kSettings) {
      if (setting.name != set.key.text) continue;
      known = true;
      key = setting.key;
    }
    if (!known)
      return catalog_.complain(set.key.place, "no setting '" + set.key.text + "'",
                               spelling_hint(set.key.text, names).empty()
                                   ? "'weir.KEY' sets any key of a pipeline: SET 'weir.on_error' = "
                                     "'skip'"
                                   : spelling_hint(set.key.text, names));
    set_.emplace_back(set.key.text, set.value.text);
    if (key.empty()) return;
    std::string value = set.value.text;
    if (key == "mode") {
      for (char& c : value) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      if (value == "automatic") value = "auto";
    }
    const Position place = text_.at(set.value.place.offset, set.value.place.length);
    const size_t dot = key.rfind('.');
    Node& table =
        dot == std::string::npos ? settings_ : table_at(settings_, key.substr(0, dot), place);
    put(table, dot == std::string::npos ? key : key.substr(dot + 1), value_node(value, place));
  }
  void operator()(const ResetOption& reset) {
    if (!reset.key.empty())
      return catalog_.complain(reset.key.place, "RESET of one setting is not available",
                               "RESET alone forgets all of them");
    settings_ = {};
    set_.clear();
  }

  void operator()(const Show& what) {
    using What = Show::What;
    switch (what.what) {
      case What::kTables:
      case What::kViews: {
        std::vector<std::string> names = catalog_.view_names();
        if (what.what == What::kTables)
          for (const auto& table : catalog_.table_names()) names.push_back(table);
        std::sort(names.begin(), names.end());
        std::string out;
        for (const auto& name : names)
          if (wanted(what, name)) out += name + "\n";
        return show(std::move(out));
      }
      case What::kFunctions:
        jobs_.push_back({ScriptJob::Kind::kFunctions, {}, false, what.like.value_or("")});
        return;
      case What::kColumns: {
        if (const CreateTable* table = find(what.name)) show(catalog_.describe(*table));
        return;
      }
      case What::kCreateTable:
      case What::kCreateView: {
        if (const CreateView* view = catalog_.view(Catalog::name_of(what.name)))
          return show(to_sql(Statement{*view, {}}) + ";\n");
        if (const CreateTable* table = find(what.name)) show(to_sql(Statement{*table, {}}) + ";\n");
        return;
      }
    }
  }
  void operator()(const Describe& describe) {
    if (const CreateTable* table = find(describe.name)) show(catalog_.describe(*table));
  }

  std::vector<ScriptJob> take() { return std::move(jobs_); }

 private:
  static bool wanted(const Show& show, const std::string& name) {
    return !show.like || is_like(name, *show.like) != show.not_like;
  }
  const CreateTable* find(const TableName& name) {
    const CreateTable* table = catalog_.table(Catalog::name_of(name));
    if (table == nullptr)
      catalog_.complain(name.place, "no table `" + Catalog::name_of(name) + "`",
                        spelling_hint(Catalog::name_of(name), catalog_.table_names()));
    return table;
  }
  void run(JobTree& tree, bool has_sink) {
    jobs_.push_back({ScriptJob::Kind::kRun, tree.take(settings_), has_sink, {}});
  }
  void show(std::string text) {
    jobs_.push_back({ScriptJob::Kind::kText, {}, false, std::move(text)});
  }

  const SourceText& text_;
  const ScriptInput& input_;
  Errors& errors_;
  Catalog catalog_;
  Node settings_;
  std::vector<std::pair<std::string, std::string>> set_;
  std::set<std::string> written_;  // tables that an INSERT has written to
  std::vector<ScriptJob> jobs_;
};

}  // namespace

std::vector<ScriptJob> script_jobs(const Script& script, const SourceText& text,
                                   const ScriptInput& input, Errors& errors) {
  JobMaker maker(text, input, errors);
  for (const auto& statement : script.statements) std::visit(maker, statement.what);
  return maker.take();
}

}  // namespace weir::sql
