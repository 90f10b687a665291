// A place in a table, returned by the destructor.
//
// Threading: as Table::Leave. Ownership: the table outlives its places.
#pragma once

#include <cstdint>
#include <utility>

namespace lowband {

/// `Table` has a member Leave(uint64_t id), which may be private if the table befriends its places.
template <class Table>
class Place {
 public:
  Place(Table& table, uint64_t id) : table_(&table), id_(id) {}
  Place(Place&& other) noexcept : table_(std::exchange(other.table_, nullptr)), id_(other.id_) {}
  Place& operator=(Place&& other) noexcept {
    std::swap(table_, other.table_);
    std::swap(id_, other.id_);
    return *this;
  }
  ~Place() {
    if (table_ != nullptr) table_->Leave(id_);
  }

 private:
  Table* table_;
  uint64_t id_;
};

}  // namespace lowband
