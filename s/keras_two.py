
import keras
o = keras.optimizers.Adam(1e-3, clipnorm=1.0, clipvalue=0.5)
m = keras.Sequential([keras.layers.LSTM(4)])
m.compile(optimizer=o, loss="mse")
m.fit([1], [2])
