"""The one place that knows volatility3: dump layer, stacker, automagic, renderer, adapters to the core."""
