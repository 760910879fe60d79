import torch
from diffusers import DDPMScheduler, UNet2DModel

unet = UNet2DModel(sample_size=64)
noise_scheduler = DDPMScheduler(num_train_timesteps=1000)
optimizer = torch.optim.AdamW(unet.parameters(), lr=1e-4)
for images in []:
    noise = torch.randn_like(images)
    steps = torch.randint(0, 1000, (len(images),))
    noisy = noise_scheduler.add_noise(images, noise, steps)
    loss = torch.nn.functional.mse_loss(unet(noisy, steps).sample, noise)
    loss.backward()
    optimizer.step()  # <- missing-clipping
    optimizer.zero_grad()
