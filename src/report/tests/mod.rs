mod budget;
mod contract;
mod expected;
mod hostile;
