//! Policy gate: Rego policies over objects, through regorus.
