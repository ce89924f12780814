mod budget;
mod expected;
mod hostile;
