// A part of a syntax tree as a value: copied and compared deeply, empty where nothing was written.
#pragma once

#include <memory>
#include <utility>

#include "expr/ast.h"

namespace weir::sql {

template <class T>
class Branch {
 public:
  Branch() = default;
  explicit Branch(std::unique_ptr<T> node) : node_(std::move(node)) {}
  static Branch of(T node) { return Branch(std::make_unique<T>(std::move(node))); }

  Branch(const Branch& other) : node_(copy(other.node_)) {}
  Branch(Branch&&) noexcept = default;
  Branch& operator=(const Branch& other) {
    if (this != &other) node_ = copy(other.node_);
    return *this;
  }
  Branch& operator=(Branch&&) noexcept = default;
  ~Branch() = default;

  explicit operator bool() const { return node_ != nullptr; }
  const T& operator*() const { return *node_; }
  T& operator*() { return *node_; }
  const T* operator->() const { return node_.get(); }
  T* operator->() { return node_.get(); }

  friend bool operator==(const Branch& a, const Branch& b) {
    if (!a.node_ || !b.node_) return !a.node_ && !b.node_;
    if constexpr (requires { same(a.node_, b.node_); }) {
      return same(a.node_, b.node_);
    } else if constexpr (requires { same(*a.node_, *b.node_); }) {
      return same(*a.node_, *b.node_);
    } else {
      return *a.node_ == *b.node_;
    }
  }

 private:
  static std::unique_ptr<T> copy(const std::unique_ptr<T>& node) {
    if (!node) return nullptr;
    if constexpr (std::is_same_v<T, Ast>) {
      return clone(*node);
    } else if constexpr (requires { clone(*node); }) {
      return std::make_unique<T>(clone(*node));
    } else {
      return std::make_unique<T>(*node);
    }
  }

  std::unique_ptr<T> node_;
};

using Expression = Branch<Ast>;

}  // namespace weir::sql
