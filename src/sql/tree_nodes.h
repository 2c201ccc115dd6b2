// Makes the nodes of a pipeline tree, as if TOML had been read.
#pragma once

#include <string>
#include <string_view>

#include "config/node.h"

namespace weir::sql {

Node text_node(std::string text, const Position& place);
Node text_node(const SourceText& text);
Node flag_node(bool value, const Position& place);
Node number_node(int64_t value, const Position& place);
Node list_node(const Position& place);
// `true`, 12 and others as the values that they look like; the rest is text.
Node value_node(const std::string& text, const Position& place);

// Sets a key of a table, replacing the old value.
void put(Node& table, const std::string& key, Node value);
// The table at a key, made when it is not there; dots lead further in.
Node& table_at(Node& table, std::string_view path, const Position& place);
// Appends to the list at a key.
void append(Node& table, const std::string& key, Node item);

}  // namespace weir::sql
