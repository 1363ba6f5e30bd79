"""The sample data: a year of a shop for coffee and tea, drawn from a seed.

Something is hidden in it to be found: from August on, Borealis ships late in the North.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3

YEAR = 2025
TODAY = date(YEAR, 12, 31)
ORDERS = 5_000
REGIONS = ("North", "South", "East", "West")
CARRIERS = ("Arrow", "Borealis", "Cargoline")

SCHEMA = """
CREATE TABLE customers (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, segment TEXT NOT NULL, region TEXT NOT NULL,
  since TEXT NOT NULL);
CREATE TABLE products (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, category TEXT NOT NULL, price REAL NOT NULL);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY,
  customer_id INTEGER NOT NULL REFERENCES customers(id),
  product_id INTEGER NOT NULL REFERENCES products(id),
  quantity INTEGER NOT NULL, amount REAL NOT NULL,
  region TEXT NOT NULL, carrier TEXT NOT NULL,
  ordered_at TEXT NOT NULL, due_at TEXT NOT NULL, shipped_at TEXT,
  status TEXT NOT NULL);
CREATE TABLE credits (
  id INTEGER PRIMARY KEY,
  customer_id INTEGER NOT NULL REFERENCES customers(id),
  amount REAL NOT NULL, reason TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE INDEX orders_by_customer ON orders(customer_id);
"""

_PRODUCTS = {
    "Coffee": (("House Espresso", 14.5), ("Yirgacheffe", 18.9), ("Huila", 16.4), ("Decaf", 13.2),
               ("Cold Brew Pack", 21.0), ("Micro Lot No. 7", 34.0)),
    "Tea": (("Earl Grey", 9.8), ("Sencha", 15.6), ("Darjeeling", 17.3), ("Rooibos", 8.4),
            ("Jasmine Pearls", 24.5)),
    "Equipment": (("Hand Grinder", 89.0), ("Kettle", 64.0), ("Dripper", 22.0), ("Scale", 49.0),
                  ("Espresso Machine", 640.0)),
    "Gifts": (("Tasting Box", 39.0), ("Mug Pair", 27.0), ("Gift Card", 50.0)),
}  # fmt: skip
_FIRST = ("Alder", "Birch", "Cedar", "Dune", "Ember", "Fjord", "Grove", "Harbor", "Iris", "Juniper",
          "Kestrel", "Linden", "Maple", "Nettle", "Orchard", "Pine", "Quarry", "Rowan", "Sable",
          "Thistle")  # fmt: skip
_SECOND = ("Bakery", "Bistro", "Books", "Cafe", "Clinic", "Company", "Deli", "Foods", "Hotel",
           "House", "Kitchen", "Library", "Market", "Office", "Pantry", "School", "Studio",
           "Traders", "Works", "Yard")  # fmt: skip
_SEGMENTS = {"Retail": 0.55, "Hospitality": 0.3, "Public": 0.15}
_MONTHS = (0.80, 0.78, 0.88, 0.90, 0.94, 0.92, 0.90, 0.97, 1.04, 1.10, 1.34, 1.43)
_REGION_SHARES = (0.27, 0.24, 0.28, 0.21)
_CARRIER_SHARES = {
    "North": (0.30, 0.46, 0.24),
    "South": (0.44, 0.22, 0.34),
    "East": (0.40, 0.28, 0.32),
    "West": (0.36, 0.26, 0.38),
}
_DUE_DAYS = {"Arrow": 2, "Borealis": 3, "Cargoline": 4}
_LATE = {"Arrow": 0.05, "Borealis": 0.07, "Cargoline": 0.085}
_TROUBLE = ("North", "Borealis")
_TROUBLE_MONTH = 8
_TROUBLE_LATE = 0.44


class _Customer(NamedTuple):
    id: int
    name: str
    segment: str
    region: str
    since: str


def fill(connection: sqlite3.Connection, seed: int) -> None:
    """Create the tables and draw their rows.

    Args:
        connection: An empty database.
        seed: What the rows are drawn from.
    """
    connection.executescript(SCHEMA)
    generator = random.Random(f"sample data {seed}")  # noqa: S311  # data, not secrets
    customers = _customers(generator)
    products = [
        (number, name, category, price)
        for number, (category, name, price) in enumerate(
            ((c, name, price) for c, entries in _PRODUCTS.items() for name, price in entries), 1
        )
    ]
    orders = _orders(generator, customers, [(p[0], p[3]) for p in products])
    with connection:
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO customers VALUES (?,?,?,?,?)", customers)
        connection.executemany("INSERT INTO products VALUES (?,?,?,?)", products)
        connection.executemany("INSERT INTO orders VALUES (?,?,?,?,?,?,?,?,?,?,?)", orders)


def _customers(generator: random.Random) -> list[_Customer]:
    names = [f"{first} {second}" for first in _FIRST for second in _SECOND]
    generator.shuffle(names)
    return [
        _Customer(
            number,
            name,
            generator.choices(list(_SEGMENTS), list(_SEGMENTS.values()))[0],
            generator.choices(REGIONS, _REGION_SHARES)[0],
            (date(YEAR - 5, 1, 1) + timedelta(days=generator.randrange(1800))).isoformat(),
        )
        for number, name in enumerate(names[:320], 1)
    ]


def _orders(
    generator: random.Random, customers: list[_Customer], products: list[tuple[int, float]]
) -> list[tuple[object, ...]]:
    days = [date(YEAR, 1, 1) + timedelta(days=n) for n in range(365)]
    weights = [
        _MONTHS[day.month - 1] * (0.6 if day.isoweekday() > 5 else 1.1)  # noqa: PLR2004  # weekend
        for day in days
    ]
    ordered = sorted(generator.choices(days, weights, k=ORDERS))
    # A few customers order most.
    loyalty = [generator.paretovariate(1.6) for _ in customers]
    popularity = [1 / price**0.5 for _, price in products]
    rows: list[tuple[object, ...]] = []
    for number, day in enumerate(ordered, 1):
        customer = generator.choices(customers, loyalty)[0]
        product, price = generator.choices(products, popularity)[0]
        quantity = 1 if price > 300 else min(1 + int(generator.expovariate(0.35)), 24)  # noqa: PLR2004  # one share, used here alone
        discount = generator.choice((0, 0, 0, 0.05, 0.1))
        amount = round(price * quantity * (1 - discount), 2)
        carrier = generator.choices(CARRIERS, _CARRIER_SHARES[customer.region])[0]
        due = day + timedelta(days=_DUE_DAYS[carrier])
        shipped, status = _fate(generator, customer.region, carrier, day, due)
        rows.append(
            (number, customer.id, product, quantity, amount, customer.region, carrier,
             day.isoformat(), due.isoformat(), shipped and shipped.isoformat(), status)
        )  # fmt: skip
    return rows


def _fate(
    generator: random.Random, region: str, carrier: str, day: date, due: date
) -> tuple[date | None, str]:
    if generator.random() < 0.02:  # noqa: PLR2004  # one share, used here alone
        return None, "cancelled"
    troubled = (region, carrier) == _TROUBLE and day.month >= _TROUBLE_MONTH
    if generator.random() < (_TROUBLE_LATE if troubled else _LATE[carrier]):
        shipped = due + timedelta(days=1 + int(generator.expovariate(0.28 if troubled else 0.6)))
    else:
        shipped = day + timedelta(days=generator.randint(0, (due - day).days))
    if shipped > TODAY:
        return None, "open"
    return shipped, "returned" if generator.random() < 0.03 else "shipped"  # noqa: PLR2004  # one share, used here alone
