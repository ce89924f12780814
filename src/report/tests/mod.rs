mod budget;
mod contract;
mod expected;
mod facts;
mod hostile;
