BANNER = "forecast, a job"
