"""How right forecasts would have been: real histories cut, forecast, scored."""
