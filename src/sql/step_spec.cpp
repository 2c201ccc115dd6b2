#include "sql/step_spec.h"

namespace weir::sql {

StepSpec::StepSpec(std::string op, const Position& place) {
  spec_.name = op;
  spec_.position = place;
  spec_.kind_position = place;
  spec_.options.position = place;
  set("op", op);
  spec_.kind = std::move(op);
}

Node StepSpec::text_node(const std::string& text) const {
  Node node;
  node.kind = Node::Kind::kString;
  node.text = text;
  node.position = spec_.position;
  node.exact_text = false;
  return node;
}

StepSpec& StepSpec::set(const std::string& key, Node node) {
  spec_.options.key_positions.push_back(spec_.position);
  spec_.options.entries.emplace_back(key, std::move(node));
  return *this;
}

StepSpec& StepSpec::set(const std::string& key, const std::string& text) {
  return set(key, text_node(text));
}

StepSpec& StepSpec::set(const std::string& key, const SourceText& text) {
  Node node = text_node(text.text);
  node.position = text.position;
  node.exact_text = text.exact;
  return set(key, std::move(node));
}

StepSpec& StepSpec::set(const std::string& key, int64_t number) {
  Node node;
  node.kind = Node::Kind::kInteger;
  node.integer = number;
  node.position = spec_.position;
  return set(key, std::move(node));
}

StepSpec& StepSpec::set(const std::string& key, bool value) {
  Node node;
  node.kind = Node::Kind::kBoolean;
  node.boolean = value;
  node.position = spec_.position;
  return set(key, std::move(node));
}

StepSpec& StepSpec::set(const std::string& key, const std::vector<std::string>& texts) {
  Node node;
  node.kind = Node::Kind::kArray;
  node.position = spec_.position;
  for (const auto& text : texts) node.items.push_back(text_node(text));
  return set(key, std::move(node));
}

StepSpec& StepSpec::set(const std::string& key,
                        const std::vector<std::vector<std::string>>& lists) {
  Node node;
  node.kind = Node::Kind::kArray;
  node.position = spec_.position;
  for (const auto& list : lists) {
    Node& item = node.items.emplace_back();
    item.kind = Node::Kind::kArray;
    item.position = spec_.position;
    for (const auto& text : list) item.items.push_back(text_node(text));
  }
  return set(key, std::move(node));
}

StepSpec& StepSpec::set(const std::string& key, const NamedTexts& texts) {
  Node node;
  node.position = spec_.position;
  for (const auto& text : texts) {
    Node value = text_node(text.value.text);
    value.position = text.value.position;
    value.exact_text = text.value.exact;
    node.entries.emplace_back(text.name, std::move(value));
    node.key_positions.push_back(text.name_position);
  }
  return set(key, std::move(node));
}

}  // namespace weir::sql
