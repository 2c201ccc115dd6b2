#include "sql/tree_nodes.h"

#include <charconv>

#include "config/merge.h"

namespace weir::sql {

Node text_node(std::string text, const Position& place) {
  Node node;
  node.kind = Node::Kind::kString;
  node.text = std::move(text);
  node.position = place;
  node.exact_text = false;
  return node;
}

Node text_node(const SourceText& text) {
  Node node = text_node(text.text, text.position);
  node.exact_text = text.exact;
  return node;
}

Node flag_node(bool value, const Position& place) {
  Node node;
  node.kind = Node::Kind::kBoolean;
  node.boolean = value;
  node.position = place;
  return node;
}

Node number_node(int64_t value, const Position& place) {
  Node node;
  node.kind = Node::Kind::kInteger;
  node.integer = value;
  node.position = place;
  return node;
}

Node list_node(const Position& place) {
  Node node;
  node.kind = Node::Kind::kArray;
  node.position = place;
  return node;
}

Node value_node(const std::string& text, const Position& place) {
  if (text == "true" || text == "false") return flag_node(text == "true", place);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number_node(number, place);
  return text_node(text, place);
}

void put(Node& table, const std::string& key, Node value) {
  const Position place = value.position;
  set_entry(table, key, std::move(value), place);
}

Node& table_at(Node& table, std::string_view path, const Position& place) {
  const size_t dot = path.find('.');
  const std::string key(path.substr(0, dot));
  if (find_entry(table, key) == nullptr) {
    Node made;
    made.position = place;
    put(table, key, std::move(made));
  }
  Node& inner = *find_entry(table, key);
  return dot == std::string_view::npos ? inner : table_at(inner, path.substr(dot + 1), place);
}

void append(Node& table, const std::string& key, Node item) {
  if (find_entry(table, key) == nullptr) put(table, key, list_node(item.position));
  find_entry(table, key)->items.push_back(std::move(item));
}

}  // namespace weir::sql
