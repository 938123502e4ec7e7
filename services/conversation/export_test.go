package conversation

// NewRedisHistoryWith gives a history whose marks hold for another time.
var NewRedisHistoryWith = newRedisHistory
