import sys

from weather import report

print(report(float(sys.argv[1] if len(sys.argv) > 1 else 21)))
