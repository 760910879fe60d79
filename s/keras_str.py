
import keras
m = keras.Sequential([keras.layers.LSTM(4)])
m.compile(optimizer="adam", loss="mse")
m.fit([1], [2])
