BANNER = "reports, a job"
