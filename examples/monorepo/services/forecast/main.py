from banner import BANNER

print(BANNER)
